"""The evaluation set with the demo model: it proves the set's machinery, not what a real model is worth."""

import json

import pytest

from tests.designer.evaluation import HERE, Case, cases, evaluate
from tests.designer.house import demo, over
from tests.designer.scripted import Scripted, message, text, use

WRONG = {
    "name": "환율", "final_prompt": "https://invented.example.com 을 읽고 5000원을 벌어 줘",
    "hosts": ["invented.example.com"],
    "schedule": {"cron": "0 8 * * *"}, "email": "never", "tools": ["Bash"],
}  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_demo_model_passes(case: Case) -> None:
    assert evaluate(case, demo()).wrong == []


def test_the_set_is_large_enough_and_in_both_languages() -> None:
    found = cases()
    assert len(found) >= 25
    assert {case.language for case in found} == {"ko", "en"}
    assert len({case.id for case in found}) == len(found)


def test_a_model_that_drafts_something_else_fails_by_every_check_it_breaks() -> None:
    case = next(case for case in cases() if case.id == "ko-weekday-news-mail")
    wrong = evaluate(case, over(Scripted.by(message(use("change_draft", WRONG)), message(text("끝"))))).wrong
    for check in ("cron", "next", "email", "hosts", "more tools", "did not show", "the name", "invented"):
        assert any(one.startswith(check) for one in wrong), f"{check} was not checked: {wrong}"


def test_a_model_that_says_nothing_fails() -> None:
    said = message(text("모르겠어요."))
    # thanks and small talk want nothing but that nothing is drafted
    wanted = [case for case in cases() if case.expect != {"revision": 0}]
    assert all(not evaluate(case, over(Scripted.by(said))).passed for case in wanted[::3])


def test_the_recorded_results_are_of_the_present_set() -> None:
    for path in (HERE / "results").glob("*.json"):
        kept = json.loads(path.read_text("utf-8"))
        assert path.name == f"{kept['prompt']}.{kept['model']}.json"
        assert 0 <= kept["score"] <= 1
