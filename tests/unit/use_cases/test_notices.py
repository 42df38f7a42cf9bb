"""Mails and the events that cause them: once each, at their time, in the user's language and zone."""

from datetime import UTC, datetime, timedelta

import pytest

from ohmyagent import records
from ohmyagent.domain.mail import PAUSES, MailState
from ohmyagent.domain.moments import moment, next_morning
from ohmyagent.domain.runner import Outcome
from ohmyagent.domain.usage import month_id
from ohmyagent.ports import Posted
from ohmyagent.use_cases import mailing, mails, suppressing, ticking
from ohmyagent.use_cases.vouching import Office

URL = "https://agents.example.com"


class Postman:
    """Mail that answers as it is told, and keeps what it was given."""

    domain = "example.com"

    def __init__(self, *answers):
        self.answers = list(answers)
        self.letters = []

    def send(self, letter):
        self.letters.append(letter)
        return self.answers.pop(0) if self.answers else (Posted.ACCEPTED, None)


@pytest.fixture
def user(world):
    user = world.user().replace(email="person@example.com")
    return records.users.put(world.store, user.id, user)


def outbox(world, user):
    return sorted(mailing.page(world.store, user, limit=100, cursor=None)[0], key=lambda mail: mail.created_at)


def kinds(world, user):
    return [mail.kind.value for mail in outbox(world, user)]


def ran(world, user, agent, outcome=Outcome.SUCCEEDED, **fields):
    world.later(minutes=10)
    _, claim = world.started(user, agent)
    world.call(claim)
    code = {} if outcome is Outcome.SUCCEEDED else {"error_code": "agent"}
    return world.finish(claim, outcome, **code, **fields)


def deliver(world, postman, mail):
    mailing.deliver(world.store, postman, mail.id, Office(URL, (), b"k" * 32), lambda: world.now)
    return records.outbox.get(world.store, mail.id)


def test_the_first_failure_at_once_then_a_digest_then_the_recovery(world, user):
    agent = world.agent(user)
    ran(world, user, agent, Outcome.FAILED)
    [first] = outbox(world, user)
    assert (first.kind, first.due_at, first.state) == ("failed", world.now, "queued")
    ran(world, user, agent, Outcome.FAILED)
    ran(world, user, agent, Outcome.TIMED_OUT)
    [_, digest] = outbox(world, user)
    assert (digest.kind, digest.count) == ("digest", 2)
    assert digest.due_at == datetime(2026, 11, 21, 0, tzinfo=UTC)  # 09:00 in Seoul
    assert "2번" in digest.subject
    ran(world, user, agent)
    assert kinds(world, user) == ["failed", "recovered"]
    assert "3번" in outbox(world, user)[1].lines[0]
    ran(world, user, agent)
    assert kinds(world, user) == ["failed", "recovered"]


def test_each_morning_has_a_digest_of_its_own(world, user):
    agent = world.agent(user)
    for _ in range(2):
        ran(world, user, agent, Outcome.FAILED)
        world.later(hours=24)
    ran(world, user, agent, Outcome.FAILED)
    digests = [mail for mail in outbox(world, user) if mail.kind == "digest"]
    assert [(mail.count, mail.due_at.hour) for mail in digests] == [(1, 0), (1, 0)]
    assert digests[1].due_at - digests[0].due_at == timedelta(days=1)


def test_a_result_goes_out_once_and_only_to_who_wants_it(world, user):
    for email, expected in [("always", ["result"]), ("on_failure", []), ("never", [])]:
        agent = world.agent(user, name=email, notify={"email": email})
        done = ran(world, user, agent)
        found = [mail for mail in outbox(world, user) if mail.agent_id == agent.id]
        assert [mail.kind.value for mail in found] == expected
        assert all((mail.body, mail.execution_id) == ("끝", done.id) for mail in found)
        ran(world, user, agent, Outcome.FAILED)
        assert any(m.kind == "failed" for m in outbox(world, user) if m.agent_id == agent.id) is (email != "never")


def test_who_says_that_something_blocked_it_is_heard_as_a_failure(world, user):
    agent = world.agent(user)
    done = ran(world, user, agent, structured={"kind": "blocked"})
    assert (done.status, done.result_kind, done.result_kind_source) == ("succeeded", "blocked", "structured")
    [mail] = outbox(world, user)
    assert (mail.kind, mail.body) == ("failed", "끝")
    after = records.agents.get(world.store, agent.id)
    assert after.last_execution.result_kind == "blocked"
    assert (after.total_runs, after.successful_runs) == (1, 0)
    [row] = records.months.get(world.store, month_id(user.id, "2026-11")).rows
    assert (row.runs, row.succeeded) == (1, 0)


def test_a_cancelled_run_is_neither_failure_nor_success(world, user):
    agent = world.agent(user)
    ran(world, user, agent, Outcome.FAILED)
    ran(world, user, agent, Outcome.CANCELLED)
    assert kinds(world, user) == ["failed"]
    assert records.agents.get(world.store, agent.id).failures == 1


def test_missed_instants_are_told_with_their_document(world, user):
    world.now = world.now.replace(minute=30)
    world.agent(user, schedule={"cron": "0 * * * *", "timezone": "Asia/Seoul"})
    world.agent(user, name="조용", schedule={"cron": "0 * * * *", "timezone": "Asia/Seoul"}, notify={"email": "never"})
    world.later(hours=5)
    for _ in range(2):
        ticking.tick(world.store, world.queue, world.models, ticking.Clock(), world.now)
    [mail] = outbox(world, user)
    assert (mail.kind, mail.count) == ("missed", 5)
    assert records.executions.get(world.store, mail.execution_id).status == "missed"


def test_without_an_address_a_mail_can_still_be_read(world):
    user = world.user("u2")
    ran(world, user, world.agent(user), Outcome.FAILED)
    [mail] = outbox(world, user)
    assert mail.state is MailState.NO_ADDRESS
    assert mailing.dispatch(world.store, world.queue, world.now) == 0
    assert "에이전트가 일을 끝내지 못했습니다" in mails.text(mail, URL)


def test_a_mail_is_handed_over_once(world, user):
    ran(world, user, world.agent(user), Outcome.FAILED)
    assert mailing.dispatch(world.store, world.queue, world.now) == 1
    assert mailing.dispatch(world.store, world.queue, world.now) == 0
    postman, [mail] = Postman(), outbox(world, user)
    assert deliver(world, postman, mail).state is MailState.SENT
    assert deliver(world, postman, mail).state is MailState.SENT
    [letter] = postman.letters
    assert (letter.to, letter.message_id) == ("person@example.com", f"<{mail.id}@example.com>")
    assert f"{URL}/#/executions/{mail.execution_id}" in letter.text
    assert f"{URL}/#/executions/{mail.execution_id}" in letter.html


def test_an_address_that_refuses_twice_gets_no_more_until_it_is_wanted_again(world, user):
    agent = world.agent(user, notify={"email": "always"})
    refuse = (Posted.BOUNCED, "550 no such user")
    postman = Postman(refuse, (Posted.ACCEPTED, None), refuse, refuse)
    states = []
    for _ in range(5):
        run = ran(world, user, agent)
        [mail] = [mail for mail in outbox(world, user) if mail.execution_id == run.id]
        states.append(deliver(world, postman, mail).state.value)
    assert states == ["failed", "sent", "failed", "failed", "suppressed"]
    assert outbox(world, user)[-1].reason == "bounced"
    assert suppressing.standing(world.store, user) == (True, True)

    suppressing.choose(world.store, user, True, world.now)
    ran(world, user, agent)
    assert deliver(world, postman, outbox(world, user)[-1]).state is MailState.SENT


def test_other_refusals_do_not_count_against_the_address(world, user):
    agent = world.agent(user, notify={"email": "always"})
    postman = Postman(*[(Posted.REFUSED, "554 looks like spam")] * 3)
    for _ in range(3):
        ran(world, user, agent)
        assert deliver(world, postman, outbox(world, user)[-1]).state is MailState.FAILED
    assert suppressing.standing(world.store, user) == (True, False)


def test_each_notification_says_how_to_stop_them_and_then_none_goes_out(world, user):
    office, agent = Office(URL, (), b"k" * 32), world.agent(user, notify={"email": "always"})
    ran(world, user, agent)
    postman = Postman()
    deliver(world, postman, outbox(world, user)[-1])
    [letter] = postman.letters
    assert letter.unsubscribe.startswith(f"{URL}/api/mail/unsubscribe/")
    assert letter.unsubscribe in letter.text
    assert letter.unsubscribe in letter.html
    assert "person" not in letter.unsubscribe

    suppressing.unsubscribe(world.store, office, letter.unsubscribe.rpartition("/")[2], world.now)
    ran(world, user, agent)
    assert deliver(world, postman, outbox(world, user)[-1]).state is MailState.SUPPRESSED
    assert len(postman.letters) == 1
    assert "person@example.com" not in repr(records.suppressions.page(world.store))


def test_a_digest_waits_for_its_morning(world, user):
    agent = world.agent(user)
    ran(world, user, agent, Outcome.FAILED)
    ran(world, user, agent, Outcome.FAILED)
    assert mailing.dispatch(world.store, world.queue, world.now) == 1
    postman, (first, digest) = Postman(), outbox(world, user)
    assert deliver(world, postman, first).state is MailState.SENT
    assert deliver(world, postman, digest).state is MailState.QUEUED
    world.now = digest.due_at
    assert mailing.dispatch(world.store, world.queue, world.now) == 1
    assert deliver(world, postman, digest).state is MailState.SENT


def test_later_means_again_with_the_same_message_id_until_it_is_too_late(world, user):
    ran(world, user, world.agent(user), Outcome.FAILED)
    postman, [mail] = Postman(*[(Posted.LATER, "451 busy")] * 20), outbox(world, user)
    attempts = 0
    while mail.state is MailState.QUEUED:
        assert mailing.dispatch(world.store, world.queue, world.now) == 1
        mail = deliver(world, postman, mail)
        attempts += 1
        world.now = max(world.now, mail.due_at)
    assert (mail.state, mail.reason, attempts) == (MailState.FAILED, "451 busy", len(PAUSES) + 1)
    assert len({letter.message_id for letter in postman.letters}) == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((Posted.UNKNOWN, "cut"), MailState.UNKNOWN),
        ((Posted.REFUSED, "550"), MailState.FAILED),
        ((Posted.KEPT, None), MailState.KEPT),
    ],
)
def test_what_is_not_certain_or_refused_is_not_sent_again(world, user, answer, state):
    ran(world, user, world.agent(user), Outcome.FAILED)
    postman, [mail] = Postman(answer), outbox(world, user)
    assert deliver(world, postman, mail).state is state
    world.later(days=2)
    assert mailing.dispatch(world.store, world.queue, world.now) == 0
    assert deliver(world, postman, mail).state is state
    assert len(postman.letters) == 1


def test_an_attempt_that_died_under_way_ends_as_unknown(world, user):
    ran(world, user, world.agent(user), Outcome.FAILED)
    [mail] = outbox(world, user)

    class Killed(Exception):
        pass

    class Deadly(Postman):
        def send(self, letter):
            raise Killed

    with pytest.raises(Killed):
        deliver(world, Deadly(), mail)
    postman = Postman()
    assert deliver(world, postman, mail).state is MailState.UNKNOWN
    assert postman.letters == []


def test_a_mail_whose_task_was_lost_or_died_is_queued_again_each_hour(world, user):
    ran(world, user, world.agent(user), Outcome.FAILED)
    [mail] = outbox(world, user)
    for hour in range(30):
        assert mailing.dispatch(world.store, world.queue, world.now) == 1, hour
        assert mailing.dispatch(world.store, world.queue, world.now) == 0, hour
        world.later(hours=1)
    assert deliver(world, Postman(), mail).state is MailState.SENT
    assert mailing.dispatch(world.store, world.queue, world.now) == 0


def test_an_attempt_that_nobody_ended_is_looked_after_and_ends_as_unknown(world, user):
    ran(world, user, world.agent(user), Outcome.FAILED)
    [mail] = outbox(world, user)
    assert mailing.dispatch(world.store, world.queue, world.now) == 1
    records.outbox.put(world.store, mail.id, mail.sending("example.com", world.now))
    assert mailing.dispatch(world.store, world.queue, world.now) == 0
    world.later(minutes=11)
    assert mailing.dispatch(world.store, world.queue, world.now) == 1
    assert deliver(world, Postman(), mail).state is MailState.UNKNOWN
    assert mailing.dispatch(world.store, world.queue, world.now) == 0


def test_a_digest_that_went_out_is_not_written_anew_when_the_clock_is_set_back(world, user):
    agent = world.agent(user)
    for _ in range(2):
        ran(world, user, agent, Outcome.FAILED)
    digest, postman = outbox(world, user)[1], Postman()
    world.now = digest.due_at
    assert deliver(world, postman, digest).state is MailState.SENT
    world.now = digest.due_at - timedelta(hours=1)
    ran(world, user, agent, Outcome.FAILED)
    digests = {mail.due_at: mail.state for mail in outbox(world, user) if mail.kind == "digest"}
    assert digests == {digest.due_at: MailState.SENT, digest.due_at + timedelta(days=1): MailState.QUEUED}


def test_what_people_and_models_write_is_escaped_in_html_and_cut_when_long(world, user):
    hostile = "<script>alert(1)</script>" + "가" * 30_000
    agent = world.agent(user, name="<b>{count}</b>", notify={"email": "always"})
    _, claim = world.started(user, agent)
    world.call(claim)
    done = records.executions.get(world.store, claim.execution_id).replace(result=hostile)
    mail = mails.about_run("result", user, agent, done, now=world.now, with_result=True).sending(
        "example.com", world.now
    )
    letter = mails.letter(mail, URL)
    assert "<script>" not in letter.html
    assert "&lt;b&gt;{count}&lt;/b&gt;" in letter.html
    assert "<script>" in letter.text
    assert len(mail.body) < 21_000


def test_an_english_user_is_written_to_in_english_and_their_zone(world, user):
    user = records.users.put(world.store, user.id, user.replace(locale="en", timezone="America/New_York"))
    ran(world, user, world.agent(user), Outcome.FAILED)
    text = mails.text(outbox(world, user)[0], URL)
    assert "could not finish its work" in text
    assert "Started: Friday, November 20, 2026, 7:10 AM America/New_York" in text
    assert text.isascii() or "뉴스 요약" in text


@pytest.mark.parametrize(
    ("language", "zone", "expected"),
    [
        ("ko", "Asia/Seoul", "2026년 11월 20일(금) 오후 9시 5분 (KST)"),
        ("en", "Asia/Seoul", "Friday, November 20, 2026, 9:05 PM KST"),
        ("en", "Europe/Berlin", "Friday, November 20, 2026, 1:05 PM Europe/Berlin"),
    ],
)
def test_a_moment_is_said_in_the_words_of_schedules(language, zone, expected):
    assert moment(datetime(2026, 11, 20, 12, 5, tzinfo=UTC), zone, language) == expected


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-20T12:00:00Z", "Asia/Seoul", "2026-11-21T00:00:00Z"),
        ("2026-11-20T00:00:00Z", "Asia/Seoul", "2026-11-21T00:00:00Z"),
        ("2026-11-19T23:59:59Z", "Asia/Seoul", "2026-11-20T00:00:00Z"),
        ("2026-03-08T05:30:00Z", "America/New_York", "2026-03-08T13:00:00Z"),
        ("2026-03-07T14:30:00Z", "America/New_York", "2026-03-08T13:00:00Z"),
    ],
)
def test_the_next_morning_is_nine_by_the_users_own_clock(now, zone, expected):
    found = next_morning(datetime.fromisoformat(now), zone)
    assert found == datetime.fromisoformat(expected)
