"""How addresses are read, before there are any routes."""

from collections.abc import Iterable

from flask import Blueprint, Flask
from werkzeug.routing import BaseConverter

from ohmyagent.http.bodies import DEFAULT_LIMIT


class IdConverter(BaseConverter):
    """An id as records have it; anything else is an address that does not exist."""

    regex = r"(?!__)[A-Za-z0-9_-]{1,128}"


def routed(blueprints: Iterable[Blueprint]) -> Flask:
    """An application with these routes and nothing else."""
    flask = Flask("ohmyagent", static_folder=None)
    flask.url_map.merge_slashes = False
    flask.url_map.converters["id"] = IdConverter
    flask.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    flask.config["MAX_CONTENT_LENGTH"] = DEFAULT_LIMIT
    for blueprint in dict.fromkeys(blueprints):
        flask.register_blueprint(blueprint)
    return flask
