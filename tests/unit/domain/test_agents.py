"""What a person may set, and what is refused by name."""

import pytest
from pydantic import ValidationError

from ohmyagent.domain.agents import Agent, AgentDraft, Network, Tool
from ohmyagent.domain.errors import AgentRunning, NotFound, PreconditionFailed

GOOD = {"name": "뉴스", "finalPrompt": "요약해 줘"}


@pytest.fixture
def agent(noon):
    return Agent.designed(AgentDraft.model_validate(GOOD), id="a_1", user_id="u", now=noon)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "   "), ("name", "\u200b"), ("name", "a\x00b"), ("name", "\ud800"), ("name", "x" * 81),
        ("finalPrompt", ""), ("finalPrompt", " \n "), ("finalPrompt", "a\x00"), ("finalPrompt", "x" * 100_001),
        ("slug", "--x"), ("slug", "Großes"), ("slug", "../x"), ("tags", ["a"] * 0 + [""]), ("color", "red"),
        ("status", "deleted"), ("model", "--model"), ("model", ""), ("tools", ["Bash(rm *)"]), ("tools", ["--flag"]),
        ("tools", "Bash"), ("network", {"allow": ["*"]}), ("network", {"deny": []}), ("owner", "me"), ("id", "a_2"),
        ("schedule", {"cron": "* * * * * *"}), ("schedule", {"cron": "@reboot"}), ("schedule", {"cron": "0 0 31 2 *"}),
        ("schedule", {"cron": "0 9 * * *", "timezone": "Mars/Olympus"}), ("schedule", {"cron": "0 9 * * *", "x": 1}),
        ("limits", {"timeoutSeconds": 9}), ("limits", {"maxCostMicroUsd": -1}), ("limits", {"maxTurns": 10**400}),
        ("limits", {"maxTurns": 1.5}), ("limits", {"maxCostMicroUsd": 10**15}),
        ("notify", {"email": "sometimes"}), ("notify", {"webhookUrl": "http://example.com"}),
        ("notify", {"webhookUrl": "https://user@example.com/"}), ("notify", {"webhookUrl": "javascript:alert(1)"}),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_at_its_field(field, value):
    with pytest.raises(ValidationError) as refused:
        AgentDraft.model_validate(GOOD | {field: value})
    assert {error["loc"][0] for error in refused.value.errors()} == {field}


@pytest.mark.parametrize("name", ["👍" * 80, "\u202e거꾸로", "<script>alert(1)</script>", "{{7*7}}", "${x}"])
def test_what_is_odd_but_harmless_is_kept_as_it_is(name):
    assert AgentDraft.model_validate(GOOD | {"name": name}).name == name


def test_hangul_is_the_same_however_it_was_typed():
    assert AgentDraft.model_validate(GOOD | {"name": "각"}).name == "각"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("News.Example.COM", "news.example.com"), ("*.example.org", "*.example.org"), ("example.com.", "example.com"),
        ("한국.kr", "xn--3e0b707e.kr"), ("xn--3e0b707e.kr", "xn--3e0b707e.kr"),
    ],
)  # fmt: skip
def test_hosts_are_compared_in_one_form(typed, kept):
    assert Network.model_validate({"allow": [typed]}).allow == (kept,)


@pytest.mark.parametrize(
    "host",
    [
        "*", "*.com", "*.co.kr", "com", "co.kr", "1.2.3.4", "127.1", "0x7f.1", "[::1]", "::1", "a@b.test", "a b.com",
        "https://example.com", "example.com:443", "example.com/x", "-a.example.com", "a..example.com", "localhost",
        "metadata.google.internal", "printer.local", "*.*.example.com", "a*.example.com", "", ".", "x" * 64 + ".com",
    ],
)  # fmt: skip
def test_what_is_no_public_host_is_refused(host):
    with pytest.raises(ValidationError):
        Network.model_validate({"allow": [host]})


def test_tools_named_twice_count_once():
    draft = AgentDraft.model_validate(GOOD | {"tools": ["Bash", "Read", "Bash"]})
    assert draft.tools == (Tool.BASH, Tool.READ)


def test_a_record_of_the_store_comes_back_equal(agent):
    assert Agent.of(agent.document()) == agent


def test_a_field_of_a_newer_version_does_not_disturb_an_older_one(agent):
    assert Agent.of(agent.document() | {"shiny": 1}) == agent


def test_each_design_is_a_version_and_a_stale_one_is_refused(agent, noon):
    second = agent.redesigned(agent.draft.replace(name="다른 이름"), noon)
    assert (second.version, second.slug) == (2, agent.slug)
    with pytest.raises(PreconditionFailed):
        second.at_version(1)


def test_only_the_run_that_holds_an_agent_frees_it(agent):
    taken = agent.taken_by("x_1")
    with pytest.raises(AgentRunning):
        taken.idle()
    assert taken.released_by("x_2") == taken
    assert taken.released_by("x_1").idle()


def test_a_deleted_agent_comes_back_paused_within_thirty_days(agent, noon):
    gone = agent.deleted(noon)
    assert gone.restored(noon).status == "paused"
    with pytest.raises(NotFound):
        gone.restored(noon.replace(month=12, day=21))
