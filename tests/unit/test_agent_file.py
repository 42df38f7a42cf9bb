"""The agent file: what comes back is what went in, or a refusal that names the key."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ohmyagent.domain import agent_file
from ohmyagent.domain.agent_file_keys import KEYS, VERSION
from ohmyagent.domain.agents import AgentDraft, AgentStatus, NotifyMail, Tool
from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.schedules import CatchUp, OnHoliday, Overlap, Schedule

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.md"))

FULL = """\
---
name: competitor-news
description: 매일 아침 경쟁사 뉴스를 요약한다
tools: Read, Write, WebSearch
model: haiku
skills:
- korean-report
oma:
  version: 1
  display_name: 경쟁사 뉴스 요약
  schedule: {cron: "0 9 * * 1-5", timezone: Asia/Seoul, overlap: skip, catch_up: none, jitter: 1:30}
  limits: {max_cost_usd: 0.50, monthly_cost_usd: 5.00, max_turns: 30, timeout: 15m}
  network: {allow: [news.example.com]}
  notify: {email: on_failure}
  owner_note: 2026-01-01
---
지시문 한 줄

둘째 줄
"""

hosts = st.from_regex(r"(\*\.)?[a-z]{1,8}\.example\.(com|org)", fullmatch=True)
slugs = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,4}", fullmatch=True)
tricky = st.sampled_from(
    ["yes", "null", "~", "1:30", "2026-01-01", "- a", "a: b", "#x", "'", '"', "!t", "&a", "*a", "{a", "---", "..."]
)
printable = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), *"\x7f\u2028\u2029"])
lines = st.text(printable, max_size=60) | tricky
names = lines.map("이름{}".format)
tags = st.text(printable, max_size=20).map("t{}".format) | tricky
prompts = st.text(printable | st.sampled_from("\t\r\n"), max_size=200).map("{}!".format) | st.lists(
    tricky, min_size=1
).map("\n".join)
schedules = st.fixed_dictionaries(
    {
        "cron": st.sampled_from(["0 9 * * 1-5", "*/5 * * * *", "0 0 1 * *", "30 8 * * MON"]),
        "timezone": st.sampled_from(["Asia/Seoul", "UTC", "America/New_York"]),
        "calendar": st.sampled_from([None, *get_args(get_args(Schedule.model_fields["calendar"].annotation)[0])]),
        "on_holiday": st.sampled_from(OnHoliday),
        "last_business_day": st.booleans(),
        "overlap": st.sampled_from(Overlap),
        "catch_up": st.sampled_from(CatchUp),
        "text": st.none() | lines,
    }
)
limits = st.fixed_dictionaries(
    {
        "timeout_seconds": st.integers(10, 3600),
        "max_turns": st.integers(1, 200),
        "max_cost_micro_usd": st.integers(1_000, 100_000_000),
        "monthly_cost_micro_usd": st.integers(1_000, 10_000_000_000),
    }
)


@st.composite
def drafts(draw: st.DrawFn) -> AgentDraft:
    """Any draft that the rules allow."""
    fields = {
        "name": draw(names),
        "slug": draw(st.none() | slugs),
        "description": draw(lines),
        "tags": draw(st.lists(tags, max_size=3)),
        "color": draw(st.none() | st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)),
        "icon": draw(st.none() | st.sampled_from(["📊", "🗂️", "on", "~"])),
        "final_prompt": draw(prompts),
        "model": draw(st.sampled_from(["haiku", "claude-haiku-5-5", "1.0", "vendor/model:1", "no"])),
        "tools": draw(st.lists(st.sampled_from(Tool), unique=True)),
        "network": {"allow": draw(st.lists(hosts, max_size=3))},
        "schedule": draw(st.none() | schedules),
        "limits": draw(limits),
        "notify": {
            "email": draw(st.sampled_from(NotifyMail)),
            "webhook_url": draw(
                st.none() | st.sampled_from(["https://hooks.example.com/x?a=1#b", "https://a.example.com"])
            ),
        },
    }
    try:
        return AgentDraft.model_validate(fields)
    except ValidationError:
        assume(False)
        raise


def errors_of(text: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        agent_file.parse(text)
    assert refusal.value.errors
    return {error.field: error.message for error in refusal.value.errors}


def with_front(front: str, body: str = "Do it.") -> str:
    return f"---\n{front}\n---\n{body}\n"


@settings(max_examples=150, deadline=None)
@given(drafts())
def test_a_draft_comes_back_from_its_file(draft: AgentDraft) -> None:
    assert agent_file.parse(agent_file.render(draft, None)) == draft


@settings(max_examples=100, deadline=None)
@given(drafts())
def test_an_edited_agent_keeps_the_unknown_keys_of_its_source(draft: AgentDraft) -> None:
    text = agent_file.render(draft, FULL)
    assert agent_file.parse(text) == draft
    jitter = ["oma.schedule.jitter"] if draft.schedule else []
    assert sorted(agent_file.unknown_keys(text)) == sorted(["skills", "oma.owner_note", *jitter])
    assert "owner_note: 2026-01-01" in text


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(
        st.sampled_from(
            [*"-:{}[]\"'&*!|>%#?,~ \n\r\t\0\\", "---\n", "name: a\n", "oma:", "\ufeff", "\\U9", "<<", "\ud800", "\x85"]
        ),
        max_size=60,
    ).map("".join)
)
@example('---\na: "\\UFFFFFFFF"\n---\n')
@example("---\n%YAML " + "9" * 5000 + ".1\n---\n")
@example("---\n" + "[" * 9000 + "\n---\n")
@example("---\n- " * 400)
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, with_front(text), with_front("name: a", text)):
        try:
            draft = agent_file.parse(candidate)
        except Invalid:
            assert errors_of(candidate)
        else:
            assert agent_file.render(draft, candidate) == candidate


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_exported_as_it_was_imported_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(FULL)))
    end = data.draw(st.integers(start, min(len(FULL), start + 12)))
    damaged = FULL[:start] + data.draw(st.text(max_size=8) | tricky) + FULL[end:]
    try:
        draft = agent_file.parse(damaged)
    except Invalid:
        assert errors_of(damaged)
        return
    assert agent_file.render(draft, damaged) == damaged
    edited = draft.replace(description="An edit.", slug=draft.slug or "a")
    again = agent_file.render(edited, damaged)
    assert agent_file.parse(again) == edited
    assert sorted(agent_file.unknown_keys(again)) == sorted(agent_file.unknown_keys(damaged))


def test_the_status_is_not_in_the_file_and_does_not_change_it() -> None:
    draft = agent_file.parse(FULL).replace(status=AgentStatus.PAUSED)
    assert agent_file.render(draft, FULL) == FULL


def test_every_key_is_read() -> None:
    draft = agent_file.parse(
        with_front(
            """\
name: a-b
description: what it does
tools: [Bash, Read]
model: sonnet
oma:
  version: 1
  display_name: Name
  schedule: {cron: 0 9 * * *, timezone: UTC, overlap: queue, catch_up: latest, calendar: KR, on_holiday: skip,
    last_business_day: yes, text: every day}
  limits: {max_cost_usd: "0.000001e0"}
""".replace('"0.000001e0"', "0.001, monthly_cost_usd: 7, max_turns: 3, timeout: 1h")
            + """  network: {allow: [NEWS.example.com., "*.example.org"]}
  notify: {email: always, webhook_url: "https://hooks.example.com/1"}
  tags: [a, 2026-01-01]
  color: "#a0b1c2"
  icon: 📊"""
        )
    )
    schedule = draft.schedule
    assert schedule is not None
    assert (draft.slug, draft.name, draft.model, draft.tools) == ("a-b", "Name", "sonnet", (Tool.BASH, Tool.READ))
    assert (schedule.calendar, schedule.on_holiday, schedule.last_business_day) == ("KR", OnHoliday.SKIP, True)
    assert (schedule.overlap, schedule.catch_up, schedule.text) == (Overlap.QUEUE, CatchUp.LATEST, "every day")
    assert draft.limits.model_dump() == {
        "timeoutSeconds": 3600, "maxTurns": 3, "maxCostMicroUsd": 1_000, "monthlyCostMicroUsd": 7_000_000,
    }  # fmt: skip
    assert draft.network.allow == ("news.example.com", "*.example.org")
    assert (draft.notify.email, draft.notify.webhook_url) == (NotifyMail.ALWAYS, "https://hooks.example.com/1")
    assert (draft.tags, draft.color, draft.icon) == (("a", "2026-01-01"), "#a0b1c2", "📊")


def test_a_plain_subagent_file_is_an_agent_named_by_its_slug() -> None:
    draft = agent_file.parse(with_front("name: yes\ndescription: null\ntools: Read,Grep"))
    assert (draft.slug, draft.name, draft.description) == ("yes", "yes", "")
    assert draft.tools == (Tool.READ, Tool.GREP)
    assert draft.final_prompt == "Do it."


def test_the_older_name_of_the_cost_limit_is_read_and_the_present_one_written() -> None:
    text = with_front("name: a\noma: {limits: {max_budget_usd: 0.25}}")
    draft = agent_file.parse(text)
    assert draft.limits.max_cost_micro_usd == 250_000
    again = agent_file.render(draft.replace(description="x"), text)
    assert "max_cost_usd: 0.25" in again
    assert "max_budget_usd" not in again


@pytest.mark.parametrize("text", [FULL.replace("\n", "\r\n"), "\ufeff" + FULL, FULL.replace("---\n", "--- \t\n")])
def test_windows_line_ends_a_bom_and_blanks_after_the_fence_are_read(text: str) -> None:
    draft = agent_file.parse(text)
    assert draft.replace(final_prompt="") == agent_file.parse(FULL).replace(final_prompt="")
    assert draft.final_prompt.splitlines() == ["지시문 한 줄", "", "둘째 줄"]
    assert agent_file.render(draft, text) == text


@pytest.mark.parametrize(
    ("written", "seconds"), [("15m", 900), ("90s", 90), ("1h", 3600), ("120", 120), ("30m5s", 1805)]
)
def test_a_timeout_is_read_in_its_unit(written: str, seconds: int) -> None:
    draft = agent_file.parse(with_front(f"name: a\noma: {{limits: {{timeout: {written}}}}}"))
    assert draft.limits.timeout_seconds == seconds


@pytest.mark.parametrize(
    ("front", "field"),
    [
        ("name: a\noma: {limits: {timeout: 15 minutes}}", "oma.limits.timeout"),
        ("name: a\noma: {limits: {timeout: 2026-01-01}}", "oma.limits.timeout"),
        ("name: a\noma: {limits: {timeout: 15:30}}", "oma.limits.timeout"),
        ("name: a\noma: {limits: {timeout: 2h}}", "oma.limits.timeout"),
        ("name: a\noma: {limits: {timeout: ''}}", "oma.limits.timeout"),
        ("name: a\noma: {limits: {max_turns: 1e3}}", "oma.limits.max_turns"),
        ("name: a\noma: {limits: {max_turns: " + "9" * 5000 + "}}", "oma.limits.max_turns"),
        ("name: a\noma: {limits: {max_turns: 0x10}}", "oma.limits.max_turns"),
        ("name: a\noma: {limits: {max_turns: ５}}", "oma.limits.max_turns"),
        ("name: a\noma: {limits: {max_cost_usd: .nan}}", "oma.limits.max_cost_usd"),
        ("name: a\noma: {limits: {max_cost_usd: .inf}}", "oma.limits.max_cost_usd"),
        ("name: a\noma: {limits: {max_cost_usd: 0.0000001}}", "oma.limits.max_cost_usd"),
        ("name: a\noma: {limits: {max_cost_usd: -1}}", "oma.limits.max_cost_usd"),
        ("name: a\noma: {limits: {max_cost_usd: 101}}", "oma.limits.max_cost_usd"),
        ("name: a\noma: {limits: {max_cost_usd: 1, max_budget_usd: 2}}", "oma.limits.max_cost_usd"),
        ("name: a\noma: {limits: []}", "oma.limits"),
        ("name: a\noma: text", "oma"),
        ("name: a\noma: {version: 2}", "oma.version"),
        ("name: a\noma: {version: {}}", "oma.version"),
        ("name: a\noma: {schedule: {}}", "oma.schedule.cron"),
        ("name: a\noma: {schedule: {cron: 0 9 * *}}", "oma.schedule.cron"),
        ("name: a\noma: {schedule: {cron: 0 9 30 2 *}}", "oma.schedule.cron"),
        ("name: a\noma: {schedule: {cron: 0 9 * * *, timezone: Mars/Base}}", "oma.schedule.timezone"),
        ("name: a\noma: {schedule: {cron: 0 9 * * *, overlap: both}}", "oma.schedule.overlap"),
        ("name: a\noma: {schedule: {cron: 0 9 * * *, last_business_day: maybe}}", "oma.schedule.last_business_day"),
        ("name: a\noma: {network: {allow: news.example.com}}", "oma.network.allow"),
        ("name: a\noma: {network: {allow: ['*']}}", "oma.network.allow.0"),
        ("name: a\noma: {network: {allow: [a.example.com, 10.0.0.1]}}", "oma.network.allow.1"),
        ("name: a\noma: {notify: {email: loudly}}", "oma.notify.email"),
        ("name: a\noma: {notify: {webhook_url: 'http://a.example.com'}}", "oma.notify.webhook_url"),
        ("name: a\noma: {color: red}", "oma.color"),
        ("name: a\noma: {tags: [a, [b]]}", "oma.tags"),
        ("name: a\ntools: Read, Teleport", "tools.1"),
        ("name: a\ntools: {Read: true}", "tools"),
        ("name: a\nmodel: [haiku]", "model"),
        ("name: a\ndescription: |\n  one\n  two", "description"),
        ("name: Not A Slug", "name"),
        ("name: {}", "name"),
        ("description: no name", "name"),
        ("name: a\nname: b", "name"),
        ("name: a\noma:\n  x: {y: 1, y: 2}", "oma.x.y"),
        ("name: a\nx: [{y: 1, y: 2}]", "x.0.y"),
        ("name: a\nx: &anchor 1", "file"),
        ("name: a\nx: &a [1]\ny: *a", "file"),
        ("name: a\nx: {<<: {a: 1}}", "x"),
        ("name: a\nx: !!python/object:os.system {}", "file"),
        ("name: a\nx: ! y", "file"),
        ("name: a\n? [a, b]\n: c", "file"),
        ("name: a\nx: " + "[" * 13 + "]" * 13, "file"),
        ("name: a\nx: \0", "file"),
        ("name: a\nx: \ud800", "file"),
        ("name: a\nx: \x1b[31m", "file"),
        ("name: a\n...\nb: c", "file"),
        ("name: a\n\tb: c", "file"),
        ("- name", "file"),
        ("just text", "file"),
        ("# nothing", "file"),
        ("name: a\nx: " + "y" * 60_000, "file"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_key(front: str, field: str) -> None:
    assert field in errors_of(with_front(front))


@pytest.mark.parametrize("body", ["", "  \n\n", "a\0b", "\ud800", "x" * 100_001])
def test_a_bad_text_below_the_keys_is_named(body: str) -> None:
    assert set(errors_of(with_front("name: a", body))) == {"body"}


@pytest.mark.parametrize("text", ["", "---", "name: a", "---\nname: a\n", "\n---\nname: a\n---\nx", "x" * 200_001])
def test_a_file_without_front_matter_is_refused(text: str) -> None:
    assert set(errors_of(text)) == {"file"}


def test_everything_wrong_is_told_at_once() -> None:
    wrong = "name: A\ntools: X\noma: {limits: {timeout: x, max_turns: 0}, schedule: {}}"
    assert set(errors_of(with_front(wrong, " "))) == {
        "name", "tools.0", "oma.limits.timeout", "oma.limits.max_turns", "oma.schedule.cron", "body",
    }  # fmt: skip


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_canonical_and_has_no_key_without_effect(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert agent_file.render(agent_file.parse(text), None) == text
    assert agent_file.unknown_keys(text) == []
    assert agent_file.parse(text).slug == path.stem


def test_every_key_is_in_the_manual() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "agent-file.md").read_text(encoding="utf-8")
    keys = {".".join(path) for key in KEYS for path in (key.path, *key.older)} | {".".join(VERSION)}
    assert {key for key in keys if f"`{key}`" not in manual} == set()


def test_the_longest_agent_fits_into_its_file() -> None:
    draft = AgentDraft.model_validate(
        {
            "name": "이\x85" + "이" * 78,
            "slug": "a" * 64,
            "description": "\x9f" * 500,
            "tags": ["\x9f" * 29 + str(n) for n in range(10)],
            "final_prompt": "가" * 100_000,
            "tools": list(Tool),
            "network": {"allow": [f"{n}.{'a' * 60}.{'b' * 60}.{'c' * 60}.example.com" for n in range(50)]},
            "notify": {"webhook_url": "https://hooks.example.com/" + "\x9f" * 1_900},
        }
    )
    assert agent_file.parse(agent_file.render(draft, None)) == draft


def test_a_source_that_is_refused_by_now_does_not_stop_an_export() -> None:
    draft = agent_file.parse(FULL)
    assert agent_file.parse(agent_file.render(draft, "no front matter")) == draft
