"""What there is before anybody signs in: the page's settings, the models, agents to start from."""

from functools import cache
from importlib import resources

from flask import Blueprint, Response
from pydantic import TypeAdapter

from ohmyagent.domain.errors import Problem
from ohmyagent.domain.uploads import MOST_BYTES
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.views import ConfigModel, ConfigUploads, ConfigView, Listing, ModelView, TemplateView
from ohmyagent.use_cases import administering

bp = Blueprint("catalogue", __name__)


class ModelList(Listing[ModelView]):
    """The models on offer."""


class TemplateList(Listing[TemplateView]):
    """Agents to start from."""


@bp.get("/config.json")
@operation("What the static page needs to know", access=Access.PUBLIC, answers={200: ConfigView})
def config() -> Response:
    default = app().models.default
    view = ConfigView(
        stream_url=app().settings.stream_url,
        google_client_id=app().settings.google_client_id,
        model=ConfigModel(mode=default.mode, default=default.id),
        schedules=True,
        schedules_paused=_paused(),
        chat=True,
        uploads=ConfigUploads(max_bytes=MOST_BYTES),
        version=app().version,
    )
    return answer(view)


def _paused() -> bool:
    """A page without a store is still better than none."""
    try:
        return administering.schedules_paused(app().store)
    except Problem:
        return False


@bp.get("/api/models")
@operation("The models on offer", access=Access.PUBLIC, answers={200: ModelList})
def models() -> Response:
    table = app().models
    items = tuple(ModelView.shown(model, default=model is table.default) for model in table.models)
    return answer(ModelList.model_construct(items=items, next_cursor=None))


@bp.get("/api/templates")
@operation("Agents to start from", access=Access.PUBLIC, answers={200: TemplateList})
def templates() -> Response:
    return answer(TemplateList.model_construct(items=starters(), next_cursor=None))


@cache
def starters() -> tuple[TemplateView, ...]:
    text = resources.files(__package__).joinpath("starters.json").read_text(encoding="utf-8")
    return TypeAdapter(tuple[TemplateView, ...]).validate_json(text)
