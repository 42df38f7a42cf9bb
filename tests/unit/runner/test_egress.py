"""Which host, which address, which name: the decisions of the proxy, without a network."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading

import pytest

from ohmyagent.reach import Policy, Refusal, is_global
from ohmyagent.runner.egress import Egress, target
from ohmyagent.runner.forward import Forward
from ohmyagent.runner.hello import server_name


def policy(*addresses: str, allow: tuple[str, ...] = ("news.example.com", "*.example.org")) -> Policy:
    return Policy(allow, resolve=lambda host, port: list(addresses))


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("news.example.com", True), ("a.example.org", True), ("a.b.example.org", True), ("example.org", False),
        ("evilexample.org", False), ("news.example.com.evil.org", False), ("xnews.example.com", False), ("", False),
        ("*.example.org", True), (".example.org", True), ("example.com", False),
    ],
)  # fmt: skip
def test_hosts_are_admitted_exactly_or_below_a_wildcard(host: str, admitted: bool) -> None:
    assert policy().admits(host) is admitted


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "239.1.1.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "168.63.129.16",
        "::1", "::",
        "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1", "2001:0:7f00:1::1",
        "192.0.0.192", "192.88.99.1", "fec0::2", "::7f00:1", "::a9fe:a9fe", "::ffff:0:7f00:1", "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::", "2001:10::1", "3fff::1", "5f00::1", "4000::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_public_internet_are_refused(address: str) -> None:
    assert not is_global(ipaddress.ip_address(address))
    with pytest.raises(Refusal, match="address not allowed"):
        policy(address).address("news.example.com", 443)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses_are_dialled(address: str) -> None:
    assert policy(address).address("news.example.com", 443) == address


@pytest.mark.parametrize(
    "host", ["x/../y?z#.example.org", "a@b.example.org", "\ufffd.example.org", "A.example.org", ""]
)
def test_what_no_name_is_made_of_is_not_allowed_below_a_wildcard(host: str) -> None:
    with pytest.raises(Refusal, match="host not allowed"):
        Policy(("*.example.org",), resolve=lambda *_: ["1.1.1.1"]).check(host, 443)


@pytest.mark.parametrize("host", ["a..example.org", f"{'a' * 64}.example.org", f"{'a.' * 120}example.org"])
def test_what_can_be_no_name_is_refused_like_a_name_that_is_not_found(host: str) -> None:
    with pytest.raises(Refusal, match="name not found"):
        Policy(("*.example.org",)).address(host, 443)


def test_of_several_addresses_only_a_public_one_is_dialled() -> None:
    assert policy("127.0.0.1", "10.0.0.1", "1.1.1.1").address("news.example.com", 80) == "1.1.1.1"


def test_a_name_is_resolved_once_for_a_connection() -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["1.1.1.1"]

    Policy(("a.example",), resolve).address("a.example", 443)
    assert asked == ["a.example"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"CONNECT News.Example.com.:443 HTTP/1.1\r\nHost: x\r\n\r\n", ("news.example.com", 443)),
        (b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n", ("[::1]", 443)),
    ],
)
def test_a_request_says_host_and_port(line: bytes, expected: tuple[str, int]) -> None:
    assert target(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1", b"CONNECT", b"CONNECT host HTTP/1.1", b"CONNECT host: HTTP/1.1", b"CONNECT :443 HTTP/1.1",
        b"CONNECT host:4\xb2 HTTP/1.1", b"CONNECT host:99999999 HTTP/1.1", b"CONNECT " + b"a" * 300 + b":443 HTTP/1.1",
        b"connect host:443 HTTP/1.1", b"CONNECT a b:443 HTTP/1.1", b"", b"\x16\x03\x01",
        b"CONNECT a\0b:443 HTTP/1.1", b"CONNECT \x1b[2J:443 HTTP/1.1", b"CONNECT a\tb:443 HTTP/1.1",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(Refusal):
        target(line)


def hello(name: str | None) -> bytes:
    """What a real TLS client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def heard(raw: bytes, step: int = 1 << 20) -> tuple[bytes, str | None]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)

        def say() -> None:
            for at in range(0, len(raw), step):
                theirs.sendall(raw[at : at + step])
            theirs.shutdown(socket.SHUT_WR)

        speaking = threading.Thread(target=say)
        speaking.start()
        try:
            return server_name(ours)
        finally:
            speaking.join()


def test_the_name_in_a_real_hello_is_found_in_any_portions() -> None:
    raw = hello("news.example.com")
    assert heard(raw) == (raw, "news.example.com")
    assert heard(raw, step=1)[1] == "news.example.com"


def test_a_hello_in_two_records_is_put_together() -> None:
    raw = hello("news.example.com")
    body = raw[5:]
    split = b"".join(raw[:3] + len(part).to_bytes(2, "big") + part for part in (body[:40], body[40:]))
    assert heard(split) == (split, "news.example.com")


def test_what_is_no_tls_has_no_name() -> None:
    assert heard(b"GET / HTTP/1.1\r\n") == (b"GET / HTTP/1.1\r\n", None)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x16", b"\x16\x03\x01\x00\x05\x01\x00\xff\xff\x03", b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x03",
        b"\x16\x03\x01\x00\x04\x01\x00\x00\x00", b"\x16\x03\x01\x00\x00" * 20_000, hello(None),
        b"\x16\x03\x01\x00\x02\x01\x00" + b"\x17\x03\x03\x00\x01x",
    ],
)  # fmt: skip
def test_a_hello_that_is_broken_or_nameless_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"TLS hello|said nothing"):
        heard(raw)


def unreachable() -> socket.socket:
    raise AssertionError("nobody asked for the gateway")


def test_hosts_that_were_tried_are_counted_and_told_once() -> None:
    told: list[tuple[str, int, bool, str | None]] = []
    egress = Egress(policy(), lambda *words: told.append(words), Forward("http://gateway", unreachable, "t", "r"))
    for _ in range(3):
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
            egress.handle(ours)
            assert theirs.recv(100).startswith(b"HTTP/1.1 403 ")
    assert told == [("evil.example", 443, False, "host not allowed")]
    assert [(tally.host, tally.allowed, tally.requests) for tally in egress.hosts] == [("evil.example", False, 3)]
