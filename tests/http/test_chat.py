"""The streaming service over real sockets: a real platform, a scriptable model behind its gateway, and people."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.fake_anthropic import FakeAnthropic
from tests.http.chatting import PATIENCE, Talker, events
from tests.platform_process import PlatformProcess
from tests.scripted import script

HANG = {"hang_mid": 4}
"""The model says a few words and then nothing."""


@pytest.fixture(scope="module")
def model() -> Iterator[FakeAnthropic]:
    with FakeAnthropic() as fake:
        yield fake


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, model: FakeAnthropic) -> Iterator[PlatformProcess]:
    environment = {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "key"}
    running = PlatformProcess(tmp_path_factory.mktemp("chat") / "data", environment).start()
    yield running
    running.end()


@pytest.fixture
def people(platform: PlatformProcess) -> Iterator[Callable[[], Talker]]:
    """Guests, each a new one; they hang up at the end."""
    known: list[Talker] = []

    def another() -> Talker:
        known.append(Talker(platform.url))
        return known[-1]

    yield another
    for one in known:
        one.close()


@pytest.fixture
def talker(people: Callable[[], Talker]) -> Talker:
    return people()


def text_of(found: list[dict[str, Any]]) -> str:
    return "".join(event["text"] for event in found if event["type"] == "text" and "seq" in event)


def test_a_turn_as_json(talker: Talker, model: FakeAnthropic) -> None:
    turn = talker.say("안녕")

    assert turn["message"]["content"] == "Hello from the fake upstream."
    assert turn["message"]["role"] == "assistant"
    assert turn["message"]["tokenUsage"]["output"] == 20
    assert turn["message"]["costMicroUsd"] > 0
    kept = [event["type"] for event in turn["events"]]
    assert (kept[0], kept[-1]) == ("turn_started", "turn_ended")
    assert "key" not in str(turn)


def test_a_turn_as_events_then_an_end(talker: Talker) -> None:
    response = talker.open("POST", "/api/conversation", {"message": "hi"}, Accept="text/event-stream")
    found = list(events(response))

    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers["Cache-Control"] == "private, no-store"
    shown = "".join(event["delta"] for event in found if "delta" in event)
    assert text_of(found) == shown == "Hello from the fake upstream."
    seqs = [event["seq"] for event in found if "seq" in event]
    assert seqs == [*range(1, len(seqs) + 1)]


def test_who_hangs_up_finds_the_answer_later(talker: Talker) -> None:
    begun = talker.begin(script({"text": "나중에 읽는 답"}, delay=0.05))

    found = talker.until_ended(begun["conversationId"])

    assert text_of(found) == "나중에 읽는 답"
    status, read = talker.ask("GET", f"/api/conversations/{begun['conversationId']}")
    assert (status, read["messages"][-1]["content"]) == (200, "나중에 읽는 답")
    assert read["lastSeq"] == found[-1]["seq"]


def test_the_same_client_message_id_is_the_same_turn_on_every_way(talker: Talker, model: FakeAnthropic) -> None:
    before = len(model.model_calls())
    first = talker.say("한 번만", clientMessageId="c1")
    second = talker.say("한 번만", clientMessageId="c1")
    with talker.socket() as socket:
        socket.send({"type": "message", "text": "한 번만", "clientMessageId": "c1"})
        again = socket.until("turn_ended")

    assert first == second
    assert again["turn"] == first["events"][-1]["turn"]
    assert len(model.model_calls()) == before + 1
    assert talker.ask("POST", "/api/conversation", {"message": "다른 말", "clientMessageId": "c1"})[0] == 422


def test_one_turn_at_a_time(talker: Talker) -> None:
    begun = talker.begin(script({"text": "느린 답 하나 둘 셋"}, **HANG))
    id = begun["conversationId"]

    status, problem = talker.ask("POST", "/api/conversation", {"message": "또", "conversationId": id})

    assert (status, problem["code"]) == (409, "conflict")
    assert talker.ask("POST", f"/api/conversations/{id}/stop")[0] == 202
    assert talker.until_ended(id)[-1]["reason"] == "stopped"
    assert talker.ask("POST", f"/api/conversations/{id}/stop")[0] == 410


def test_a_stop_keeps_the_words(talker: Talker) -> None:
    begun = talker.begin(script({"text": "하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉"}, **HANG))
    id = begun["conversationId"]
    response = talker.open("GET", f"/api/conversations/{id}/stream")
    for event in events(response):
        if "delta" in event:
            break
    talker.ask("POST", f"/api/conversations/{id}/stop")

    kept = text_of(talker.until_ended(id))

    assert kept
    assert "하나 둘 셋 넷 다섯".startswith(kept.strip()[:5])
    response.close()


def test_a_conversation_goes_on_with_its_history(talker: Talker, model: FakeAnthropic) -> None:
    first = talker.say("첫 말")
    talker.say("둘째 말", conversationId=first["conversationId"])

    said = model.model_calls()[-1]["body"]["messages"]
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    conversations = talker.ask("GET", "/api/conversations")[1]["items"]
    assert [one["title"] for one in conversations] == ["첫 말"]
    assert conversations[0]["costMicroUsd"] > first["message"]["costMicroUsd"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 401}, "upstream"),
        ({"status": 429, "retry_after": 0}, "overloaded"),
        ({"status": 500, "should_retry": "false"}, "upstream"),
        ({"status": 529, "should_retry": "false"}, "overloaded"),
        ({"drop": 1}, "upstream"),
        ({"cut": 4}, "cut_off"),
        ({"cut": 4, "eof": 1}, "cut_off"),
        ({"sse_error": "overloaded_error", "cut": 4}, "overloaded"),
        ({"empty": 1}, "cut_off"),
        ({"status": 500, "html": 1, "should_retry": "false"}, "upstream"),
    ],
)
def test_what_goes_wrong_upstream_ends_the_turn_in_words(talker: Talker, fault: dict[str, Any], code: str) -> None:
    turn = talker.say(script({"text": "하나 둘 셋 넷 다섯 여섯 일곱 여덟"}, **fault))

    ended = turn["message"]["ended"]
    assert (ended["reason"], ended["code"]) == ("error", code)
    assert ended["detail"]["ko"] != ended["detail"]["en"]
    assert turn["message"]["costMicroUsd"] is not None


def test_a_model_that_is_busy_for_a_moment_is_asked_again(talker: Talker) -> None:
    turn = talker.say(script({"text": "이제 됩니다"}, status=529, times=1))
    assert (turn["message"]["content"], turn["message"]["ended"]) == ("이제 됩니다", {"reason": "done"})


def test_a_month_that_is_used_up_ends_the_turn_by_its_budget(talker: Talker) -> None:
    poor = talker
    begun = [poor.begin(script({"text": f"{n}"}, hang=1)) for n in range(5)]

    last = poor.until_ended(begun[-1]["conversationId"])[-1]

    assert (last["reason"], last["code"]) == ("budget", "budget")
    assert last["detail"]["en"] == "The limit of this month is used up."
    for one in begun:
        poor.ask("POST", f"/api/conversations/{one['conversationId']}/stop")


# WebSockets


def test_a_socket_is_ready_then_tells_of_its_turns(talker: Talker) -> None:
    with talker.socket() as socket:
        assert socket.next() == {"type": "ready", "user": talker.user}
        socket.send({"type": "ping"})
        assert socket.next() == {"type": "pong"}
        socket.send({"type": "message", "text": "안녕", "clientMessageId": "c1"})
        started = socket.next()
        assert (started["type"], started["text"], started["seq"]) == ("turn_started", "안녕", 1)
        assert socket.until("turn_ended")["conversationId"] == started["conversationId"]
        more = {"type": "message", "text": "또", "clientMessageId": "c2"}
        socket.send(more | {"conversationId": started["conversationId"]})
        ended = socket.until("turn_ended")
    with talker.socket() as socket:
        socket.send({"type": "resume", "conversationId": started["conversationId"], "after": ended["seq"] - 1})
        assert socket.until("turn_ended") == ended


def test_a_stop_over_a_socket(talker: Talker) -> None:
    with talker.socket() as socket:
        said = {"type": "message", "text": script({"text": "하나 둘 셋"}, **HANG), "clientMessageId": "c1"}
        socket.send(said)
        started = socket.until("turn_started")
        socket.send({"type": "stop", "conversationId": started["conversationId"]})
        assert socket.until("turn_ended")["reason"] == "stopped"


def test_two_tabs_see_the_same(talker: Talker) -> None:
    with talker.socket() as one, talker.socket() as other:
        one.send({"type": "message", "text": script({"text": "같은 것"}, delay=0.02), "clientMessageId": "c1"})
        started = one.until("turn_started")
        other.send({"type": "resume", "conversationId": started["conversationId"], "after": 0})
        assert other.until("turn_started") == started
        assert one.until("turn_ended") == other.until("turn_ended")


BAD_FRAMES: list[tuple[Any, str]] = [
    ("{", "malformed"),
    ("", "malformed"),
    ("[]", "malformed"),
    ('{"type":"ping","type":"ping"}', "malformed"),
    ("[" * 100_000, "malformed"),
    (b"\x00\x01", "malformed"),
    ({"type": "dance"}, "invalid"),
    ({"type": ["ping"]}, "invalid"),
    ({"type": "message"}, "invalid"),
    ({"type": "message", "text": " ", "clientMessageId": "c"}, "invalid"),
    ({"type": "message", "text": "가", "clientMessageId": "c", "role": "system"}, "invalid"),
    ({"type": "message", "text": "가" * 40_000, "clientMessageId": "c"}, "invalid"),
    ({"type": "message", "text": "가" * 340_000, "clientMessageId": "c"}, "too_large"),
    ({"type": "message", "text": "가", "clientMessageId": "c", "conversationId": "v_nothing"}, "not_found"),
    ({"type": "message", "text": "가", "clientMessageId": "c", "conversationId": "../x"}, "invalid"),
    ({"type": "message", "text": "가", "clientMessageId": "c", "files": ["f_nothing"]}, "invalid"),
    ({"type": "stop", "conversationId": "v_nothing"}, "not_found"),
    ({"type": "resume", "conversationId": "v_nothing", "after": 0}, "not_found"),
    ({"type": "resume", "conversationId": "v_nothing", "after": -1}, "invalid"),
    ({"type": "resume", "conversationId": "v_nothing", "after": 10**30}, "malformed"),
]


def test_whatever_is_wrong_with_a_frame_is_said_and_the_socket_goes_on(talker: Talker) -> None:
    for frame, code in BAD_FRAMES:
        with talker.socket() as socket:
            socket.until("ready")
            socket.send(frame)
            refused = socket.next()
            assert (refused["type"], refused["code"]) == ("error", code), str(frame)[:100]
            assert refused["detail"]
            socket.send({"type": "ping"})
            assert socket.next() == {"type": "pong"}


def test_a_frame_of_more_than_two_megabytes_is_not_even_read(talker: Talker) -> None:
    with talker.socket() as socket:
        with contextlib.suppress(ConnectionClosed):  # it may be refused while it is being sent
            socket.send("x" * (2 * 2**20 + 1))
        _, code = socket.to_the_end()
    assert code == 1009


@pytest.mark.parametrize("frame", ['{"type":"ping"}', "{"])
def test_a_flood_of_frames_is_refused_and_ended(talker: Talker, frame: str) -> None:
    with talker.socket() as socket:
        flooding = threading.Thread(target=flood, args=(socket.connection.send, frame))
        flooding.start()
        said, code = socket.to_the_end()
        flooding.join()
    assert code == 1008
    assert said[-1]["type"] == "error"


def flood(send: Callable[[str], object], frame: str) -> None:
    with contextlib.suppress(ConnectionClosed):
        for _ in range(50_000):
            send(frame)


def test_a_flood_of_protocol_pings_is_ended(talker: Talker) -> None:
    with talker.socket() as socket:
        flooding = threading.Thread(target=flood, args=(lambda _: socket.connection.ping(), ""))
        flooding.start()
        _, code = socket.to_the_end()
        flooding.join()
    assert code in (1008, None), "the close frame may be lost behind what was still being sent"


def test_a_ticket_opens_one_socket(talker: Talker) -> None:
    ticket = talker.ticket()
    with talker.socket(ticket) as socket:
        socket.until("ready")
        with talker.socket(ticket) as second:
            (refused,), code = second.to_the_end()
        assert (refused["type"], refused["code"], code) == ("error", "unauthenticated", 4401)
        socket.send({"type": "ping"})
        assert socket.next() == {"type": "pong"}


def test_a_page_of_another_site_opens_no_socket(talker: Talker) -> None:
    ticket = talker.ticket()
    for origin in ("https://evil.example.com", "null", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as refused, talker.socket(ticket, origin=origin):
            pass
        assert refused.value.response.status_code == 403
    with talker.socket(ticket, origin=talker.url) as socket:
        assert socket.next()["type"] == "ready"


def test_tickets_are_in_no_log(talker: Talker, platform: PlatformProcess) -> None:
    used, unused = talker.ticket(), talker.ticket()
    with talker.socket(used) as socket:
        socket.until("ready")
    with talker.socket(used) as socket:
        socket.next()
    with pytest.raises(InvalidStatus), talker.socket(unused, origin="https://evil.example.com"):
        pass
    log = platform.log.read_text()
    assert used not in log
    assert unused not in log
    assert "omt_" not in log


# Who may come in


def test_a_ticket_is_a_bearer_once(talker: Talker) -> None:
    ticket = f"Bearer {talker.ticket()}"
    assert talker.ask("POST", "/api/conversation", {"message": "hi"}, Authorization=ticket)[0] == 200
    status, problem = talker.ask("POST", "/api/conversation", {"message": "hi"}, Authorization=ticket)
    assert (status, problem["code"]) == (401, "unauthenticated")


def test_anothers_conversation_is_not_there(talker: Talker, people: Callable[[], Talker]) -> None:
    id = talker.say("비밀 이야기")["conversationId"]
    other = people()
    for method, path in (
        ("GET", f"/api/conversations/{id}"),
        ("DELETE", f"/api/conversations/{id}"),
        ("POST", f"/api/conversations/{id}/stop"),
        ("GET", f"/api/conversations/{id}/stream"),
    ):
        assert other.ask(method, path)[0] == 404, path
    assert other.ask("POST", "/api/conversation", {"message": "hi", "conversationId": id})[0] == 404
    assert other.ask("GET", "/api/conversations")[1]["items"] == []
    with other.socket() as socket:
        for frame in ({"type": "resume", "after": 0}, {"type": "stop"}):
            socket.send(frame | {"conversationId": id})
            refused = socket.until("error")
            assert (refused["code"], refused["conversationId"]) == ("not_found", id)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "{url}"}, 200),
    ],
)
def test_a_cookie_speaks_from_our_own_page_only(talker: Talker, headers: dict[str, str], status: int) -> None:
    sent = {name: value.replace("{url}", talker.url) for name, value in headers.items()}
    cookie = f"__session={talker.token}"
    body = {"message": "hi"}
    assert talker.ask("POST", "/api/conversation", body, Authorization="", Cookie=cookie, **sent)[0] == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({}, 200),
    ],
)
def test_a_cookie_reads_on_our_own_page_only(talker: Talker, headers: dict[str, str], status: int) -> None:
    cookie = f"__session={talker.token}"
    response = talker.open("GET", "/api/updates/stream", Authorization="", Cookie=cookie, **headers)
    assert response.status == status
    response.close()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"", {}, 400),
        (b"[]", {}, 400),
        (b'{"message":"a","message":"b"}', {}, 400),
        (b'{"message":"hi"}', {"Content_Type": "text/plain"}, 415),
        (b'{"message":"hi"}', {"Content_Encoding": "gzip"}, 415),
        (b'{"message":"' + b"x" * 2**20 + b'"}', {}, 413),
        ({"message": ""}, {}, 422),
        ({"message": " \n"}, {}, 422),
        ({"message": 1}, {}, 422),
        ({"message": "hi", "role": "system"}, {}, 422),
        ({"message": "hi", "conversationId": "__x__"}, {}, 422),
        ({"message": "hi", "conversationId": "v_nothing"}, {}, 404),
        ({"message": "hi", "agentId": "a_nothing"}, {}, 404),
        ({"message": "hi"}, {"Authorization": "Bearer nobody"}, 401),
        ({"message": "hi"}, {"Authorization": "Basic eDp5"}, 401),
    ],
)
def test_a_refusal_is_a_problem(talker: Talker, body: Any, headers: dict[str, str], status: int) -> None:
    found, problem = talker.ask("POST", "/api/conversation", body, **headers)
    assert (found, problem["status"]) == (status, status)
    assert problem["requestId"]


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=1&after=2", "?after=99999999999"])
def test_a_seq_is_a_number(talker: Talker, query: str) -> None:
    id = talker.say("hi")["conversationId"]
    assert talker.ask("GET", f"/api/conversations/{id}/stream{query}")[0] == 422


def test_a_seq_beyond_the_end_waits_for_what_comes(talker: Talker) -> None:
    id = talker.say("hi")["conversationId"]
    response = talker.open("GET", f"/api/conversations/{id}/stream?after=999999")
    talker.say("more", conversationId=id)
    assert next(events(response))["type"] == "turn_started"
    response.close()


# Changes


def test_two_tabs_learn_of_changes(talker: Talker, people: Callable[[], Talker]) -> None:
    mine = [talker.open("GET", "/api/updates/stream?after=0") for _ in range(2)]
    other = people()
    other_tab = other.open("GET", "/api/updates/stream")
    agent = talker.ask("POST", "/api/agents", {"name": "하나", "finalPrompt": "해 줘"})[1]

    for tab in mine:
        found = next(events(tab))
        assert (found["type"], found["id"]) == ("agent", agent["id"])
    conversation = talker.say("hi")["conversationId"]
    for tab in mine:
        kinds = {}
        for event in events(tab):
            kinds[event["type"]] = event["id"]
            if {"conversation", "usage"} <= kinds.keys():
                break
        assert kinds["conversation"] == conversation
    told = other.ask("POST", "/api/agents", {"name": "둘", "finalPrompt": "해 줘"})[1]
    assert next(events(other_tab))["id"] == told["id"]
    for tab in (*mine, other_tab):
        tab.close()


def test_what_is_deleted_is_gone(talker: Talker) -> None:
    id = talker.say("지울 것")["conversationId"]
    assert talker.ask("DELETE", f"/api/conversations/{id}")[0] == 204
    assert talker.ask("GET", f"/api/conversations/{id}")[0] == 404
    assert talker.ask("GET", f"/api/conversations/{id}/stream")[0] == 404
    assert talker.ask("GET", "/api/conversations")[1]["items"] == []


def test_too_many_connections_of_one_person_are_refused(talker: Talker) -> None:
    opened = [talker.open("GET", "/api/updates/stream") for _ in range(51)]
    assert [response.status for response in opened] == [200] * 50 + [503]
    assert json.loads(opened[-1].read())["code"] == "no_room"
    for response in opened:
        response.close()
    deadline = time.monotonic() + PATIENCE
    while (again := talker.open("GET", "/api/updates/stream")).status != 200:
        again.close()
        assert time.monotonic() < deadline
        time.sleep(0.1)
