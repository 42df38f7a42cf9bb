"""The HTTP functions: one Flask application over any of the groups of routes."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from ohmyagent.http.context import Platform


def build(platform: "Platform", groups: "Collection[str] | None" = None) -> "Flask":
    """The application with these groups of routes (see ohmyagent.http.groups), or with all."""
    # the stream and the gateway import parts of this package and have no use for Flask
    from ohmyagent.http.app import application

    return application(platform, groups)
