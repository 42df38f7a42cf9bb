"""What every answer has, and how refusals look."""

import json
import re
from datetime import timedelta

import pytest

from ohmyagent.domain.errors import Contention, Problem, RateLimited, Unavailable
from ohmyagent.domain.runner import SandboxState
from ohmyagent.http import problems
from ohmyagent.use_cases import ticking
from tests.http.world import DRAFT, Api


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/config.json", 200),
        ("GET", "/api/docs", 200),
        ("GET", "/api/agents", 401),
        ("GET", "/api/nothing", 404),
        ("GET", "//api/agents", 404),
        ("TRACE", "/api/agents", 405),
        ("OPTIONS", "/api/agents", 405),
        ("PROPFIND", "/api/agents", 405),
        ("DELETE", "/api/agents", 405),
    ],
)
def test_every_answer_is_private_and_inert(api: Api, method: str, path: str, status: int) -> None:
    answer = api.anybody().open(path, method=method)

    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert re.fullmatch(r"r_[0-9a-z]{20}", answer.headers["X-Request-Id"])
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(answer.json) == {"type", "title", "status", "detail", "code", "requestId"}
        assert answer.json["status"] == status
        assert answer.json["requestId"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(("given", "kept"), [("abc-1", True), ("a" * 100, True), ("a" * 101, False), ("a b", False)])
def test_a_sane_request_id_is_kept(api: Api, given: str, kept: bool) -> None:
    answer = api.anybody().get("/health", headers={"X-Request-Id": given})

    assert (answer.headers["X-Request-Id"] == given) is kept


def test_a_refused_method_says_which_ones_there_are(api: Api) -> None:
    assert {"GET", "POST"} <= set(api.anybody().delete("/api/agents").headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("language", "detail", "message"),
    [
        ("ko", "잘못된 항목이 있습니다.", "빠졌습니다"),
        ("ko-KR,en;q=0.5", "잘못된 항목이 있습니다.", "빠졌습니다"),
        ("en-GB", "Some fields are not valid.", "is missing"),
        ("fr", "Some fields are not valid.", "is missing"),
        ("", "Some fields are not valid.", "is missing"),
    ],
)
def test_a_refusal_speaks_the_readers_language(api: Api, language: str, detail: str, message: str) -> None:
    refused = api.guest().post("/api/agents", json={"name": "x"}, headers={"Accept-Language": language})

    assert refused.json["detail"] == detail
    assert refused.json["errors"] == [{"field": "finalPrompt", "message": message}]
    assert "\\u" not in refused.text


@pytest.mark.parametrize(
    ("problem", "status", "header"),
    [
        (RateLimited(2.4), 429, ("Retry-After", "2")),
        (Unavailable(), 503, ("Retry-After", "1")),
        (Contention(), 503, ("Retry-After", "1")),
        (Problem(), 500, None),
    ],
)
def test_a_refusal_says_when_to_try_again(problem: Problem, status: int, header: tuple[str, str] | None) -> None:
    assert problems.status_of(problem) == status
    assert list(problems.headers_of(problem).items()) == ([header] if header else [])


def test_a_method_cannot_be_overridden(api: Api) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}"

    person.post(path, headers={"X-HTTP-Method-Override": "DELETE"})
    person.get(f"{path}?_method=DELETE", headers={"X-HTTP-Method": "DELETE"})

    assert person.get(path).status_code == 200


def test_what_was_not_foreseen_is_a_problem_too_and_repeats_nothing(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    person = api.guest()
    secret = "the prompt nobody must see in a log"

    def fail(path: str, data: object) -> None:
        raise RuntimeError(secret)

    api.platform.store.transact = fail  # type: ignore[method-assign,assignment]
    refused = person.post("/api/agents", json=DRAFT | {"finalPrompt": secret})

    assert (refused.status_code, refused.json["code"]) == (500, "internal")
    assert secret not in refused.text + "".join(capsys.readouterr())


def test_logs_name_the_route_and_never_the_token(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    person = api.guest()

    api.anybody().get(f"/api/auth/validate/{person.token}?token={person.token}")

    logged = "".join(capsys.readouterr())
    assert "/api/auth/validate/<token>" in logged
    assert person.token not in logged


def test_health_names_what_fails(api: Api) -> None:
    assert api.anybody().get("/health").json == {
        "status": "ok", "target": "local", "version": api.platform.version,
        "checks": {"store": "ok", "tick": "ok"}, "schedules": "running", "sandbox": None,
    }  # fmt: skip

    def gone(path: str) -> None:
        raise Unavailable("The store does not answer.")

    api.platform.store.find = gone  # type: ignore[method-assign,assignment]
    failing = api.anybody().get("/health")
    assert (failing.status_code, failing.json["status"]) == (503, "failing")
    assert failing.json["checks"] == {"store": "The store does not answer."}


def test_health_says_how_runs_are_isolated_or_why_they_cannot_be(api: Api) -> None:
    fine = SandboxState(works=True, strategy="bubblewrap", limits={"memory": "watchdog"})
    object.__setattr__(api.platform, "sandbox", fine)
    health = api.anybody().get("/health")
    assert (health.json["checks"]["sandbox"], health.json["sandbox"]["limits"]) == ("ok", {"memory": "watchdog"})

    object.__setattr__(api.platform, "sandbox", SandboxState(works=False, strategy="bubblewrap", reason="not here"))
    failing = api.anybody().get("/health")
    assert (failing.status_code, failing.json["checks"]["sandbox"]) == (503, "not here")


def test_health_notices_when_the_tick_has_stopped(api: Api) -> None:
    ticking.mark(api.platform.store, api.clock())
    api.clock.time += timedelta(seconds=150)
    assert api.anybody().get("/health").json["checks"]["tick"] == "ok"

    api.clock.time += timedelta(seconds=1)
    failing = api.anybody().get("/health")
    assert (failing.status_code, failing.json["checks"]["tick"]) == (503, "no tick for 151 s")


def test_the_page_learns_what_answers(api: Api) -> None:
    config = api.anybody().get("/config.json").json

    assert config == {
        "streamUrl": None, "googleClientId": None, "model": {"mode": "demo", "default": "demo"},
        "schedules": True, "schedulesPaused": False, "chat": True, "uploads": {"maxBytes": 20 * 2**20},
        "version": api.platform.version,
    }  # fmt: skip


def test_models_come_with_price_and_context(api: Api) -> None:
    (model,) = api.anybody().get("/api/models").json["items"]

    assert (model["id"], model["mode"], model["default"], model["context"]) == ("demo", "demo", True, 200_000)
    assert model["price"]["output"] == "0"
    assert "upstream" not in model


def test_every_template_can_be_created_as_it_is_in_both_languages(api: Api) -> None:
    person = api.guest()
    templates = api.anybody().get("/api/templates").json["items"]

    assert len(templates) == 3
    for template in templates:
        for draft in template["draft"].values():
            made = person.post("/api/agents", data=json.dumps(draft), content_type="application/json")
            assert made.status_code == 201, made.text
