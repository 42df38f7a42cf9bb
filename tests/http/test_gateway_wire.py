"""The client to the upstreams: connections used again only when that is safe, TLS checked, nothing followed."""

import asyncio
import datetime
import ssl
from contextlib import asynccontextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ohmyagent.gateway.connection import Broken, Unreachable
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.wire import Wire

OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"


@asynccontextmanager
async def upstream(*answers, tls=None):
    """A server that gives these answers in turn, on however many connections; `served` notes each one's connection."""
    served, waiting, tasks = [], list(answers), set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                )
                served.append((writer.get_extra_info("peername"), head, await reader.readexactly(length)))
                answer = waiting.pop(0)
                for piece in answer if isinstance(answer, list) else [answer]:
                    if piece is None:
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://localhost:{server.sockets[0].getsockname()[1]}/v1/messages?beta=true", served
    finally:
        server.close()
        await asyncio.gather(*tasks)


async def whole(wire, url, headers=None):
    lines = [f"{name}: {value}\r\n".encode() for name, value in (headers or {}).items()]
    response = await wire.post(url, b"{}", lines)
    try:
        body = b""
        while piece := await response.piece():
            body += piece
        return response.status, body
    finally:
        response.close()


def exchanged(*answers, times=1, pause=0.0, limits=None):
    """What came of `times` calls one after the other, and what the server saw."""

    async def calls():
        wire = Wire(limits or Limits(connect=20))
        found = []
        async with upstream(*answers) as (url, served):
            for _ in range(times):
                try:
                    found.append(await whole(wire, url))
                except (Broken, Unreachable) as error:
                    found.append(type(error))
                await asyncio.sleep(pause)
            await wire.aclose()
            await asyncio.sleep(0)
        return found, served

    return asyncio.run(calls())


def connections(served):
    return len({peer for peer, _, _ in served})


def test_a_connection_is_used_again_after_a_whole_answer():
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    found, served = exchanged(OK, chunked, OK, times=3)
    assert (found, connections(served)) == ([(200, b"ok")] * 3, 1)


@pytest.mark.parametrize(
    "first",
    [
        OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"),
        [OK, b"more"],
        OK + b"more",
        OK + OK.replace(b"ok", b"no"),
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ],
)
def test_a_connection_is_left_that_says_more_or_less_than_it_should(first):
    found, served = exchanged(first, OK, times=2, pause=0.02)
    assert (found, connections(served)) == ([(200, b"ok")] * 2, 2)


def test_a_connection_that_was_closed_while_idle_is_not_used():
    found, served = exchanged([OK, None], OK, times=2, pause=0.05)
    assert (found, connections(served)) == ([(200, b"ok")] * 2, 2)


def test_a_body_without_a_length_ends_with_its_connection():
    found, _ = exchanged([b"HTTP/1.1 200 OK\r\n\r\n", b"ok", None])
    assert found in ([(200, b"ok")], [Broken])  # a reset, which the server's abort may be, is no end


def test_news_before_the_answer_is_passed_over():
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    found, _ = exchanged(early + OK)
    assert found == [(200, b"ok")]


@pytest.mark.parametrize(
    "answer",
    [
        [None], [b"HTTP/1.1 200 OK\r\n", None], [OK[:-1], None], b"HTTP/9 200\r\n\r\n", b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_whole_answer_is_broken(answer):
    found, _ = exchanged(answer)
    assert found == [Broken]


def test_the_request_is_what_it_should_be():
    _, served = exchanged(OK)
    _, head, body = served[0]
    assert head.startswith(b"POST /v1/messages?beta=true HTTP/1.1\r\nhost: localhost:")
    assert body == b"{}"


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\rb", "a\0b"])
def test_a_header_with_a_line_end_is_never_sent(value):
    async def calls():
        async with upstream(OK) as (url, served):
            wire = Wire(Limits(connect=0.5))
            with pytest.raises(Unreachable):
                await whole(wire, url, {"user-agent": value})
            await wire.aclose()
            await asyncio.sleep(0)
            return served

    assert asyncio.run(calls()) == []


def test_no_more_connections_are_opened_than_allowed():
    async def calls():
        wire = Wire(Limits(connect=0.2, connections=1))
        async with upstream([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"], OK) as (url, served):
            held = await wire.post(url, b"{}")
            with pytest.raises(Unreachable):
                await whole(wire, url)
            held.close()
            found = await whole(wire, url)
            await wire.aclose()
            await asyncio.sleep(0)
        return found, len(served)

    assert asyncio.run(calls()) == ((200, b"ok"), 2)


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "localhost.pem"
    plain = serialization.NoEncryption()
    pkcs8 = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(pkcs8 + built.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_is_used_and_checked(certificate, monkeypatch):
    async def calls():
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        async with upstream(OK, OK, tls=tls) as (url, served):
            wire = Wire(Limits(connect=20))
            with pytest.raises(Unreachable):
                await whole(wire, url)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            trusting = Wire(Limits(connect=20))
            found = [await whole(trusting, url) for _ in range(2)]
            with pytest.raises(Unreachable):
                await whole(trusting, url.replace("localhost", "127.0.0.1"))
            await trusting.aclose()
            await asyncio.sleep(0.02)
            return found, connections(served)

    assert asyncio.run(calls()) == ([(200, b"ok")] * 2, 1)
