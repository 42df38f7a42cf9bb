"""Courier: only the public internet, only TLS, no redirects, and an end in time whatever the receiver does."""

import ssl
import time
from collections.abc import Iterator

import pytest

from ohmyagent.adapters.https import HttpsCourier
from ohmyagent.ports import Undelivered
from ohmyagent.reach import Policy
from tests.receiver import HOST, Receiver, receiving

URL = f"https://{HOST}/hooks/a"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def reason(courier: HttpsCourier, url: str = URL) -> str:
    with pytest.raises(Undelivered) as undelivered:
        courier.post(url, {}, b"{}")
    return undelivered.value.reason


def test_a_request_arrives_as_it_was_sent_and_the_status_comes_back(receiver: Receiver) -> None:
    receiver.answers = [204]
    body = "본문".encode()

    assert receiver.courier().post(f"https://{HOST}/경로/%20?x=1&y=가 #part", {"webhook-id": "d_1"}, body) == 204

    came = receiver.came[0]
    assert (came.path, came.body) == ("/%EA%B2%BD%EB%A1%9C/%20?x=1&y=%EA%B0%80%20", body)
    assert (came.headers["host"], came.headers["webhook-id"]) == (HOST, "d_1")


@pytest.mark.parametrize("status", [200, 202, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_every_status_comes_back_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]

    assert receiver.courier().post(URL, {}, b"{}") == status
    assert [came.path for came in receiver.came] == ["/hooks/a"]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [("cut", {"no_answer", "no_connection", "tls"}), ("junk", {"bad_answer"}), ("flood", {"bad_answer"})],
)
def test_a_broken_answer_is_named(receiver: Receiver, behaviour: str, said: set[str]) -> None:
    receiver.answers = [behaviour]

    assert reason(receiver.courier()) in said


@pytest.mark.parametrize("behaviour", ["silent", "drip"])
def test_a_receiver_that_takes_its_time_is_left_in_time(receiver: Receiver, behaviour: str) -> None:
    receiver.answers = [behaviour]
    began = time.monotonic()

    assert reason(receiver.courier(seconds=0.6)) == "timeout"
    assert 0.5 < time.monotonic() - began < 25


def test_a_certificate_that_nobody_vouches_for_is_refused(receiver: Receiver) -> None:
    assert reason(HttpsCourier(receiver.policy)) == "tls"
    assert reason(receiver.courier(), "https://unnamed.example/") == "tls"
    assert receiver.came == []


PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "168.63.129.16", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "fd00:ec2::254",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_but_a_public_one_is_dialled(receiver: Receiver, address: str) -> None:
    """By the real rule; the port would lead to the receiver, which must see nothing."""
    courier = HttpsCourier(
        lambda allow: Policy(allow, resolve=lambda *_: [address], dial_port=lambda _: receiver.port),
        ssl.create_default_context(cadata=receiver.trust.decode()),
    )

    assert reason(courier) == "address_refused"
    assert receiver.came == []


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://localhost/"],
)
def test_an_address_in_any_spelling_is_judged_as_what_it_is(url: str) -> None:
    assert reason(HttpsCourier(), url) in ("address_refused", "unknown_host")


def test_a_name_is_resolved_once_so_that_a_second_answer_changes_nothing(receiver: Receiver) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    policy = Policy((HOST,), resolve, lambda _: True, lambda _: receiver.port)
    courier = HttpsCourier(lambda _: policy, ssl.create_default_context(cadata=receiver.trust.decode()))

    assert courier.post(URL, {}, b"{}") == 200
    assert asked == [HOST]


@pytest.mark.parametrize(
    "url",
    [
        "http://allowed.example/", "https://", "https:///x", "https://a:b@allowed.example/", "https://x:99999/",
        "https://x:a/", "https://.example/", "https://" + "a" * 64 + ".example/", "https://a b/", "https://[::1/",
        "ftp://allowed.example/", "allowed.example", "https://a\r\nX: y/",
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_not_dialled(receiver: Receiver, url: str) -> None:
    assert reason(receiver.courier(), url) == "bad_address"
    assert receiver.came == []


def test_another_port_than_those_of_the_web_is_refused(receiver: Receiver) -> None:
    assert reason(receiver.courier(), f"https://{HOST}:22/") == "address_refused"


def test_a_line_end_in_a_path_adds_no_header(receiver: Receiver) -> None:
    assert receiver.courier().post(f"https://{HOST}/a\rX-Y: z?b", {}, b"{}") == 200
    assert "x-y" not in receiver.came[0].headers


def test_where_nobody_listens_there_is_no_connection(receiver: Receiver) -> None:
    courier = HttpsCourier(lambda allow: Policy(allow, lambda *_: ["127.0.0.1"], lambda _: True, lambda _: 1))

    assert reason(courier) == "no_connection"


def test_a_name_that_is_not_there_is_named(receiver: Receiver) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError

    assert reason(HttpsCourier(lambda allow: Policy(allow, resolve=resolve))) == "unknown_host"
