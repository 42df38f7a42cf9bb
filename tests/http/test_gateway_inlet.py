"""How the gateway speaks HTTP with its clients: strict, bounded, one request after the other."""

import asyncio
import socket
import threading
from contextlib import suppress

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from ohmyagent.gateway import inlet
from tests.gateway_service import Served, eventually

SECONDS = 30
POST = b"POST /%b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b"


class Echo:
    """Answers with the path and the body; some paths do other things."""

    def __init__(self):
        self.begin()

    def begin(self):
        self.seen = []
        self.begun, self.gone, self.held = threading.Event(), threading.Event(), threading.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                await send({"type": f"{(await receive())['type']}.complete"})
        path, body, more = scope["path"], b"", True
        while more and path not in ("/soon", "/gone"):
            message = await receive()
            if message["type"] == "http.disconnect":
                return self.gone.set()
            body, more = body + message["body"], message["more_body"]
        self.seen.append((path, body))
        await self._answer(path, receive, send, b"%b:%b" % (path.encode(), body))
        return None

    async def _answer(self, path, receive, send, body):
        headers = [(b"content-length", b"%d" % len(body))]
        if path == "/fails":
            raise ValueError("on purpose")
        if path == "/split":
            headers.append((b"request-id", b"1\r\nset-cookie: a=b"))
        if path in ("/stream", "/cut", "/gone"):
            headers = []
        if path == "/slow":
            self.begun.set()
            await asyncio.to_thread(self.held.wait, SECONDS)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if path == "/gone":
            await receive()
            while (await receive())["type"] != "http.disconnect":
                continue
            return self.gone.set()
        await send({"type": "http.response.body", "body": body, "more_body": path in ("/stream", "/cut")})
        if path == "/stream":
            await send({"type": "http.response.body", "body": b"end", "more_body": False})
        return None


class Impatient(inlet.Protocol):
    head_seconds = linger_seconds = 0.1


@pytest.fixture(scope="module")
def both():
    echo = Echo()
    with Served(echo) as served:
        yield echo, served


@pytest.fixture
def echo(both):
    both[0].begin()
    yield both[0]
    both[0].held.set()


@pytest.fixture
def served(both, echo):
    return both[1]


class Client:
    def __init__(self, served):
        self.socket = socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), SECONDS)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def until(self, end):
        """All that has come once it ends with this; the rest, if the connection is closed before."""
        while not self.data.endswith(end):
            if not (piece := self._more()):
                break
            self.data += piece
        data, self.data = self.data, b""
        return data

    def rest(self):
        """What comes until the server closes."""
        while piece := self._more():
            self.data += piece
        return self.data

    def _more(self):
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""


def post(path, body=b""):
    return POST % (path, len(body), body)


def test_a_connection_is_used_again(served, echo):
    with Client(served) as client:
        first = client.send(post(b"a", b"1")).until(b"/a:1")
        second = client.send(post(b"b", b"2")).until(b"/b:2")
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (b"content-length: 4\r\n" in first, b"date: " in first) == (True, True)
    assert (b"connection: close" in first + second, len(echo.seen)) == (False, 2)


def test_requests_that_were_not_waited_for_are_answered_in_their_order(served, echo):
    with Client(served) as client:
        client.send(post(b"slow", b"1") + post(b"b", b"2") + post(b"c", b"3"))
        echo.held.set()
        assert b"/slow:1" in client.until(b"/c:3")
    assert [path for path, _ in echo.seen] == ["/slow", "/b", "/c"]


def test_a_body_may_come_in_chunks_and_trailers_are_nobodys_headers(served, echo):
    head = b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with Client(served) as client:
        for piece in (head, b"2\r\n", b"12", b"\r\n1\r\n3\r\n", b"0\r\nx-api-key: other\r\n\r\n"):
            client.send(piece)
        assert client.until(b"/a:123").endswith(b"/a:123")


def test_a_stream_is_chunked_and_ends_with_its_end(served):
    with Client(served) as client:
        said = client.send(post(b"stream")).until(b"0\r\n\r\n")
    assert b"transfer-encoding: chunked\r\n" in said
    assert said.endswith(b"\r\n\r\n8\r\n/stream:\r\n3\r\nend\r\n0\r\n\r\n")


def test_an_answer_that_does_not_come_to_its_end_is_cut(served):
    with Client(served) as client:
        said = client.send(post(b"cut")).rest()
    assert (b"/cut:" in said, said.endswith(b"0\r\n\r\n")) == (True, False)


def test_a_client_that_speaks_http_1_0_gets_no_chunks(served):
    with Client(served) as client:
        said = client.send(b"POST /stream HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n").rest()
    assert said.endswith(b"\r\n\r\n/stream:end")
    assert b"chunked" not in said


def test_an_answer_to_head_has_no_body(served):
    with Client(served) as client:
        said = client.send(b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n").until(b"\r\n\r\n")
        assert b"content-length: 3\r\n" in said
        assert client.send(post(b"b")).until(b"/b:").startswith(b"HTTP/1.1 200")


def test_a_client_that_asks_is_told_to_send_the_body(served):
    with Client(served) as client:
        client.send(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
        assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert b"100 Continue" not in client.send(b"12").until(b"/a:12")


@pytest.mark.parametrize(
    "request_",
    [
        b"hello\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n12",
        b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: x\r\n content-length: 2\r\n\r\n12",
        b"POST /a HTTP/1.1\nhost: x\n\n",
        b"POST /a HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n12\r\n0\r\n\r\n",
        b"GET /a HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=range(14),
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused(served, echo, request_):
    with Client(served) as client:
        said = client.send(request_).rest()
    assert (said[:12], echo.seen) == (b"HTTP/1.1 400", [])


@pytest.mark.parametrize(
    "endless", [b"POST /a HTTP/1.1\r\nx: ", b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;"]
)
def test_what_has_no_end_is_not_read_on(served, echo, endless):
    with Client(served) as client:
        with suppress(ConnectionError):  # it is closed while we send
            client.send(endless)
            for _ in range(64):
                client.send(b"y" * 2 * inlet.HEAD)
        assert client.rest()[:12] in (b"", b"HTTP/1.1 400")
    assert echo.seen == []


def test_nothing_is_read_after_what_was_refused(served, echo):
    bad = b"POST /bad HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"
    with Client(served) as client:
        said = client.send(post(b"a", b"1") + bad + b"0\r\n\r\n" + post(b"b")).rest()
    assert (said.count(b"HTTP/1.1 "), said.endswith(b"/a:1"), echo.seen) == (1, True, [("/a", b"1")])


def test_of_a_reading_full_of_requests_only_a_few_wait():
    """Each that waits costs forty times what it took to send."""

    class Transport(asyncio.Transport):
        def pause_reading(self): ...
        def resume_reading(self): ...
        def write(self, data): ...
        def close(self): ...

    async def flooded():
        config = Config(Echo(), http=inlet.Protocol, ws="none")
        config.load()
        protocol = inlet.Protocol(config, ServerState(), {})
        protocol.connection_made(Transport())
        protocol.data_received(b"GET /a HTTP/1.1\r\n\r\n" * 10_000)
        return len(protocol._calls)

    assert 1 < asyncio.run(flooded()) < 1_000


def test_nothing_is_begun_after_an_answer_that_ends_the_connection():
    begun = []

    class Transport(asyncio.Transport):
        def write(self, data): ...
        def close(self): ...

    async def soon(scope, receive, send):
        begun.append(scope["path"])
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async def story():
        config = Config(soon, http=inlet.Protocol, ws="none")
        config.load()
        state = ServerState()
        protocol = inlet.Protocol(config, state, {})
        protocol.connection_made(Transport())
        protocol.data_received(b"POST /soon HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12")
        await asyncio.gather(*state.tasks)
        protocol.data_received(b"3" * 8 + post(b"after"))
        await asyncio.gather(*state.tasks)

    asyncio.run(story())
    assert begun == ["/soon"]


def test_a_head_is_bounded_also_if_it_comes_at_once():
    began = []

    class Transport(asyncio.Transport):
        def write(self, data): ...
        def close(self):
            began.append("closed")

        def is_closing(self):
            return False

    async def large():
        config = Config(Echo(), http=inlet.Protocol, ws="none")
        config.load()
        protocol = inlet.Protocol(config, ServerState(), {})
        protocol.connection_made(Transport())
        protocol.data_received(b"GET /a HTTP/1.1\r\nx: " + b"y" * 2 * inlet.HEAD + b"\r\n\r\n")
        return len(protocol._calls)

    assert (asyncio.run(large()), began) == (0, ["closed"])


def test_a_flood_of_requests_is_answered_in_turn(served, echo):
    with Client(served) as client:
        sender = threading.Thread(target=client.send, args=(post(b"x") * 6_000 + post(b"last"),))
        sender.start()
        assert b"/last:" in client.until(b"/last:")
        sender.join(SECONDS)
    assert len(echo.seen) == 6_001


def test_nothing_more_is_read_while_requests_wait():
    reading = []

    class Transport(asyncio.Transport):
        def pause_reading(self):
            reading.append("pause")

        def write(self, data): ...
        def close(self): ...

    async def flooded():
        config = Config(Echo(), http=inlet.Protocol, ws="none")
        config.load()
        protocol = inlet.Protocol(config, ServerState(), {})
        protocol.connection_made(Transport())
        protocol.data_received(post(b"a"))
        assert reading == []
        protocol.data_received(post(b"b") + post(b"c"))
        assert reading == ["pause"]

    asyncio.run(flooded())


def test_an_answer_before_the_whole_request_ends_the_connection(served):
    with Client(served) as client:
        client.send(b"POST /soon HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n12")
        assert b"connection: close\r\n" in client.until(b"/soon:")
        assert client.send(b"3" * 98).rest() == b""


def test_a_client_that_leaves_is_noticed(served, echo):
    with Client(served) as client:
        client.send(post(b"gone")).until(b"\r\n\r\n")
    assert echo.gone.wait(SECONDS)


def test_a_head_that_would_smuggle_a_line_is_an_error(served):
    with Client(served) as client:
        said = client.send(post(b"split")).rest()
    assert (said[:12], b"set-cookie" in said) == (b"HTTP/1.1 500", False)


def test_an_error_is_an_answer_and_no_more(served):
    with Client(served) as client:
        said = client.send(post(b"fails")).rest()
    assert (said[:12], b"on purpose" in said) == (b"HTTP/1.1 500", False)


def test_a_connection_without_a_request_does_not_stay():
    with Served(Echo(), http=Impatient) as served, Client(served) as silent, Client(served) as slow:
        slow.send(b"POST /a HT")
        assert (silent.rest(), slow.rest()) == (b"", b"")


def test_a_connection_whose_answer_was_cut_and_is_not_read_does_not_stay():
    async def cut(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                await send({"type": f"{(await receive())['type']}.complete"})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 2**25, "more_body": True})

    with Served(cut, http=Impatient) as served, Client(served) as client:
        client.send(post(b"a"))
        connections = served._server.server_state.connections
        asyncio.run(eventually(lambda: connections))
        asyncio.run(eventually(lambda: not connections))


def test_a_server_that_stops_answers_what_is_under_way():
    echo = Echo()
    with Served(echo) as served, Client(served) as idle, Client(served) as busy:
        idle.send(post(b"a")).until(b"/a:")
        busy.send(post(b"slow"))
        assert echo.begun.wait(SECONDS)
        served.stop()
        assert idle.rest() == b""
        echo.held.set()
        said = busy.rest()
    assert (said.endswith(b"/slow:"), b"connection: close" in said) == (True, True)
