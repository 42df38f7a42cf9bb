"""Plain requests to the proxy: read by the letter, or not at all."""

from __future__ import annotations

import pytest

from ohmyagent.reach import Refusal
from ohmyagent.runner.plain import body, parsed

GET = b"GET http://api.example.com/a?b=c HTTP/1.1\r\nHost: api.example.com"
POST = b"POST http://api.example.com/ HTTP/1.1\r\n"


class Wire:
    """Gives out so many bytes at a time."""

    def __init__(self, data: bytes, step: int = 1 << 16) -> None:
        self.data, self.step = data, step

    def recv(self, size: int) -> bytes:
        piece, self.data = self.data[: min(size, self.step)], self.data[min(size, self.step) :]
        return piece


def read(head: bytes, rest: bytes, step: int = 1 << 16) -> bytes:
    return b"".join(body(parsed(head), b"", Wire(rest, step)))


def test_an_address_is_taken_apart() -> None:
    request = parsed(b"PUT HTTP://API.example.com:80/x%2f..?q=1 HTTP/1.1\r\nX-A:  b \r\nx-a: c")
    assert (request.method, request.host, request.port) == ("PUT", "api.example.com", 80)
    assert request.path == "/x%2f..?q=1"
    assert request.headers == [("x-a", "b"), ("x-a", "c")]
    assert parsed(b"GET http://a.example?q HTTP/1.0").path == "/?q"
    assert parsed(b"GET http://a.example HTTP/1.1").path == "/"


def test_what_belongs_to_the_connection_stays_here() -> None:
    request = parsed(
        GET + b"\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nProxy-Authorization: x\r\nTE: trailers\r\nX: y"
    )
    assert request.headers == [("x", "y")]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1", b"GET https://api.example.com/ HTTP/1.1", b"GET ftp://api.example.com/ HTTP/1.1",
        b"GET http://user:pass@api.example.com/ HTTP/1.1", b"GET http://api.example.com@other.example/ HTTP/1.1",
        b"GET http:///path HTTP/1.1", b"GET http://[::1]/ HTTP/1.1", b"GET http://a.example:x/ HTTP/1.1",
        b"GET http://a.example/ HTTP/2.0", b"GET http://a.example/ HTTP/1.1 ", b"GET  http://a.example/ HTTP/1.1",
        b"GET http://a.example/#part HTTP/1.1", b"GET http://a.example/a b HTTP/1.1",
        b"GET http://a.example\\b/ HTTP/1.1",
        b"get http://a.example/ HTTP/1.1", b"TRACE http://a.example/ HTTP/1.1", b"CONNECTX http://a.example/ HTTP/1.1",
        b"GET http://a.example/\n HTTP/1.1", b"GET http://a.example/\xc3\xa9 HTTP/1.1", b"\x16\x03\x01", b"",
    ],
)  # fmt: skip
def test_what_is_no_plain_request_is_refused(head: bytes) -> None:
    with pytest.raises(Refusal):
        parsed(head)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5, 5", b"Content-Length: +5", b"Content-Length: 0x5", b"Content-Length: -1",
        b"Content-Length: \xb2", b"Content-Length: 9999999999999",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding : chunked", b" Transfer-Encoding: chunked", b"X: y\r\n Transfer-Encoding: chunked",
        b"X: y\nTransfer-Encoding: chunked", b"X: y\rTransfer-Encoding: chunked", b"X: y\0", b"X Y: z", b"X", b": y",
        b"Host: a.example\r\nHost: b.example", b"X\xc3\xa9: y", b"",
    ],
)  # fmt: skip
def test_what_two_readers_could_read_in_two_ways_is_refused(lines: bytes) -> None:
    with pytest.raises(Refusal):
        parsed(POST + lines)


@pytest.mark.parametrize("step", [1, 3, 1 << 16])
def test_bodies_come_whole_in_any_portions(step: int) -> None:
    assert read(POST + b"Content-Length: 5", b"hello and more", step) == b"hello"
    assert (
        read(POST + b"Transfer-Encoding: Chunked", b"5\r\nhello\r\n00a\r\n 1234\r\n678\r\n0\r\n\r\n", step)
        == b"hello 1234\r\n678"
    )
    assert read(GET, b"GET http://a.example/ HTTP/1.1\r\n\r\n", step) == b""


@pytest.mark.parametrize(
    "chunks",
    [
        b"5;name=value\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloX\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"\r\nhello\r\n0\r\n\r\n", b"fffffffff\r\nhello",
        b"0\r\nX-Trailer: y\r\n\r\n", b"5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n",
    ],
)  # fmt: skip
def test_chunks_of_another_shape_are_refused(chunks: bytes) -> None:
    with pytest.raises(Refusal):
        read(POST + b"Transfer-Encoding: chunked", chunks)


def test_a_body_that_breaks_off_is_no_body() -> None:
    for head, rest in ((b"Content-Length: 5", b"hell"), (b"Transfer-Encoding: chunked", b"5\r\nhel")):
        with pytest.raises(OSError, match="broke off"):
            read(POST + head, rest)
