"""POST /api/schedules/preview: what a schedule means, when it comes due, and what is asked back."""

from typing import Any

import pytest

from ohmyagent.domain import holidays_kr
from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.plans import Plans
from ohmyagent.domain.schedules import Schedule
from ohmyagent.use_cases import scheduling
from tests.http.world import DRAFT, Api, Person

KOREAN = {"Accept-Language": "ko"}


def preview(person: Person, **body: Any) -> dict[str, Any]:
    answer = person.post("/api/schedules/preview", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def refused(person: Person, **body: Any) -> list[str]:
    answer = person.post("/api/schedules/preview", json=body, headers=KOREAN)
    assert answer.status_code == 422, answer.text
    errors = answer.json["errors"]
    assert all(any("가" <= letter <= "힣" for letter in error["message"]) for error in errors)
    return [error["field"] for error in errors]


def test_an_expression_is_said_in_words_with_its_next_five_instants(api: Api) -> None:
    found = preview(api.guest(), cron="0 9 * * 1-5", timezone="Asia/Seoul")

    assert found["text"] == {"ko": "평일 오전 9시 (KST)", "en": "every weekday at 9:00 AM KST"}
    assert found["next"] == [f"2026-11-{day}T00:00:00.000Z" for day in (23, 24, 25, 26, 27)]
    assert (found["schedule"]["cron"], found["schedule"]["onHoliday"]) == ("0 9 * * 1-5", "run")
    assert (found["holidaysRelease"], found["question"], found["tooFrequent"]) == (None, None, False)


def test_holidays_are_left_out_and_the_table_names_its_release(api: Api) -> None:
    found = preview(api.guest(), cron="0 9 25 12 *", timezone="Asia/Seoul", calendar="KR", onHoliday="skip")

    assert found["text"]["ko"] == "매년 12월 25일 오전 9시 (KST), 공휴일 제외"
    assert found["next"] == []
    assert found["holidaysRelease"] == holidays_kr.release() == "0.108"


def test_the_last_business_day_is_that_of_the_calendar(api: Api) -> None:
    found = preview(api.guest(), cron="0 18 * * *", timezone="Asia/Seoul", calendar="KR", lastBusinessDay=True)

    assert found["text"]["en"].startswith("on the last business day of every month at 6:00 PM KST")
    assert [due[:10] for due in found["next"]] == ["2026-11-30", "2026-12-31", "2027-01-29", "2027-02-26", "2027-03-31"]


def test_a_schedule_as_it_is_kept_can_be_looked_at(api: Api) -> None:
    person = api.guest()
    kept = person.agent(schedule={"cron": "0 9 * * *", "timezone": "Europe/London", "text": "아침마다"})["schedule"]

    assert preview(person, **kept)["schedule"] == kept


@pytest.mark.parametrize(
    ("said", "cron"), [("매일 아침 8시", "0 8 * * *"), ("every Monday 8am", "0 8 * * 1"), ("30분마다", "*/30 * * * *")]
)
def test_words_become_a_schedule(api: Api, said: str, cron: str) -> None:
    found = preview(api.guest(), text=said, timezone="Asia/Seoul")

    assert (found["schedule"]["cron"], found["schedule"]["timezone"]) == (cron, "Asia/Seoul")
    assert len(found["next"]) == 5


def test_words_with_holidays_bring_the_calendar(api: Api) -> None:
    schedule = preview(api.guest(), text="공휴일 빼고 평일 9시", timezone="Asia/Seoul")["schedule"]

    assert (schedule["cron"], schedule["calendar"], schedule["onHoliday"]) == ("0 9 * * 1-5", "KR", "skip")


def test_what_is_left_open_is_asked_back_with_choices_that_can_be_taken(api: Api) -> None:
    person = api.guest()
    found = preview(person, text="매일 8시", timezone="Asia/Seoul")

    assert (found["schedule"], found["text"], found["next"]) == (None, None, [])
    assert found["question"]["asked"] == "half"
    assert found["question"]["text"]["ko"] == "오전인가요, 오후인가요?"
    assert [choice["text"]["ko"] for choice in found["question"]["choices"]] == [
        "매일 오전 8시 (KST)",
        "매일 오후 8시 (KST)",
    ]
    for choice in found["question"]["choices"]:
        assert preview(person, **choice["schedule"])["text"] == choice["text"]


def test_words_that_are_not_understood_are_refused_with_an_example(api: Api) -> None:
    person = api.guest()

    assert refused(person, text="가끔", timezone="Asia/Seoul") == ["text"]
    english = person.post("/api/schedules/preview", json={"text": "now and then", "timezone": "Asia/Seoul"})
    assert "every Monday 8am" in english.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["cron"]),
        ({"timezone": "Asia/Seoul"}, ["cron"]),
        ({"cron": "0 9 * *", "timezone": "Asia/Seoul"}, ["cron"]),
        ({"cron": "61 9 * * *", "timezone": "Asia/Seoul"}, ["cron"]),
        ({"cron": "0 9 31 2 *", "timezone": "Asia/Seoul"}, ["cron"]),
        ({"cron": "0 9 * * *", "timezone": "Seoul"}, ["timezone"]),
        ({"text": "매일 아침 8시", "timezone": "../etc/passwd"}, ["timezone"]),
        ({"cron": "0 9 * * *", "calendar": "US"}, ["calendar"]),
        ({"cron": "0 9 * * *", "onHoliday": "skip"}, ["calendar"]),
        ({"cron": "0 9 1 * *", "lastBusinessDay": True}, ["cron"]),
        ({"cron": "0 9 * * 1", "lastBusinessDay": True}, ["cron"]),
        ({"text": "ㅁ" * 201}, ["text"]),
        ({"cron": "0 9 * * *", "every": "day"}, ["every"]),
    ],
)
def test_a_wrong_field_is_named(api: Api, body: dict[str, Any], fields: list[str]) -> None:
    assert refused(api.guest(), **body) == fields


def test_nobody_looks_without_signing_in(api: Api) -> None:
    assert api.anybody().post("/api/schedules/preview", json={"cron": "0 9 * * *"}).status_code == 401


def test_an_agent_says_its_schedule_in_words_and_keeps_the_persons_own(api: Api) -> None:
    person = api.guest()
    kept = person.agent(schedule={"cron": "0 9 * * 1-5", "text": "출근하면"})
    assert kept["scheduleText"] == {
        "ko": "평일 오전 9시 (KST)", "en": "every weekday at 9:00 AM KST"
    }  # fmt: skip
    assert kept["schedule"]["text"] == "출근하면"
    path = f"/api/agents/{kept['id']}"
    assert person.get(path).json == kept
    assert person.call("PATCH", path, json={"schedule": None}).json["scheduleText"] is None


@pytest.mark.parametrize(
    ("cron", "too_frequent"),
    [
        ("0 * * * *", False), ("0 9,10 * * 1", False), ("0 */2 * * *", False), ("59 0,23 * * *", False),
        ("*/30 * * * *", True), ("0,30 9 * * *", True), ("* * * * *", True), ("5,55 0,23 1 1 *", True),
    ],
)  # fmt: skip
def test_a_schedule_that_is_too_frequent_for_a_guest_says_so(api: Api, cron: str, too_frequent: bool) -> None:
    found = preview(api.guest(), cron=cron, timezone="Asia/Seoul")

    assert (found["tooFrequent"], found["minimumIntervalSeconds"]) == (too_frequent, 3600)


def test_the_plan_decides_how_often_a_schedule_may_come_due() -> None:
    every_minute, hourly = Schedule(cron="* * * * *"), Schedule(cron="30 * * * *")

    plans = Plans.built_in()

    scheduling.check_interval(every_minute, plans.named("owner"))
    scheduling.check_interval(hourly, plans.named("guest"))
    for plan in ("guest", "a plan nobody knows"):
        with pytest.raises(Invalid) as caught:
            scheduling.check_interval(every_minute, plans.named(plan))
        assert caught.value.errors[0].message == "comes due more often than this plan allows: every 60 minutes"


TOO_OFTEN = {"cron": "*/30 * * * *"}
TOO_OFTEN_FILE = "---\nname: news\noma: {schedule: {cron: '*/30 * * * *'}}\n---\nDo it.\n"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", DRAFT | {"schedule": TOO_OFTEN}), ("PUT", "/{agent}", DRAFT | {"schedule": TOO_OFTEN}),
        ("PATCH", "/{agent}", {"schedule": TOO_OFTEN}), ("POST", "/import", TOO_OFTEN_FILE),
        ("PUT", "/{agent}", TOO_OFTEN_FILE),
    ],
)  # fmt: skip
def test_no_way_of_saving_lets_a_guest_run_more_often_than_the_plan_allows(
    api: Api, method: str, path: str, body: Any
) -> None:
    person = api.guest()
    agent = person.agent(schedule={"cron": "0 * * * *"})
    sent = {"data": body, "content_type": "text/markdown"} if isinstance(body, str) else {"json": body}

    for language, said in (("en", "comes due more often"), ("ko", "허용보다 자주 실행됩니다 (최소 60분 간격)")):
        answer = person.call(
            method, f"/api/agents{path.format(agent=agent['id'])}", headers={"Accept-Language": language}, **sent
        )
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "schedule.cron")
        assert answer.json["errors"][0]["message"].startswith(said)
    assert person.get(f"/api/agents/{agent['id']}").json == agent
    assert len(person.get("/api/agents").json["items"]) == 1


def test_the_calendar_says_in_words_why_nothing_runs(api: Api) -> None:
    person = api.guest()
    agent = person.agent(schedule={"cron": "0 * * * *"})["id"]
    planned = person.get(f"/api/agents/{agent}/calendar").json["items"]
    assert {(entry["state"], entry["error"]) for entry in planned} == {("planned", None)}

    person.call("PATCH", f"/api/agents/{agent}", json={"status": "paused"})
    query = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    [pause] = person.call("GET", f"/api/agents/{agent}/calendar", query_string=query, headers=KOREAN).json["items"]
    assert (pause["state"], pause["executionId"]) == ("skipped", None)
    assert pause["error"] == "일정이 멈춰 있어 실행하지 않았습니다."
