"""Mail to a real SMTP server that takes, refuses, delays and hangs up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ohmyagent.adapters.local.outbox import KeepingMail
from ohmyagent.adapters.smtp import Server, SmtpMail
from ohmyagent.ports import Letter, Mail, Posted
from tests.mail_server import MailServer

LETTER = Letter(
    to="person@example.com",
    subject="[실패] 경쟁사 뉴스",
    text="첫 줄\n.점으로 시작하는 줄\n" + "가" * 2_000,
    html="<p>첫 줄</p>",
    language="ko",
    message_id="<m_1@example.com>",
    date=datetime(2026, 11, 20, 12, tzinfo=UTC),
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


Made = Callable[..., SmtpMail]


@pytest.fixture
def to() -> Iterator[Made]:
    """Makes what sends to a server; it hangs up at the end."""
    with ExitStack() as stack:

        def make(server: MailServer, seconds: float = 5.0) -> SmtpMail:
            mail = SmtpMail(Server.of(server.url), "Oh My Agent <agent@example.com>", seconds)
            stack.callback(mail.close)
            return mail

        yield make


def test_a_letter_arrives_as_it_was_written(to: Made, server: MailServer) -> None:
    assert to(server).send(LETTER) == (Posted.ACCEPTED, None)

    [came] = server.post.letters
    assert (came["Subject"], came["To"], came["Message-ID"]) == (LETTER.subject, LETTER.to, LETTER.message_id)
    assert (came["From"], came["Auto-Submitted"]) == ("Oh My Agent <agent@example.com>", "auto-generated")
    text, html = came.get_body(("plain",)), came.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == LETTER.text + "\n"
    assert html.get_content().strip() == LETTER.html
    assert came.as_bytes().isascii()


def test_a_line_that_begins_with_a_dot_does_not_end_the_letter(to: Made, server: MailServer) -> None:
    assert to(server).send(replace(LETTER, text="one\n.\n.two\n..three"))[0] is Posted.ACCEPTED

    text = server.post.letters[0].get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["one", ".", ".two", "..three"]


def test_no_word_of_a_person_becomes_a_header(to: Made, server: MailServer) -> None:
    letter = replace(LETTER, subject="a\r\nBcc: other@example.com\r\n\r\nbody")

    assert to(server).send(letter)[0] is Posted.ACCEPTED
    assert server.post.letters[0]["Subject"] == "a Bcc: other@example.com body"
    assert server.post.letters[0]["Bcc"] is None


@pytest.mark.parametrize("address", ["", "a", "a@b c", "a@example.com\r\nRCPT TO:<b@example.com>", "<a@example.com>"])
def test_what_is_no_address_is_refused_before_anything_is_sent(to: Made, server: MailServer, address: str) -> None:
    assert to(server).send(replace(LETTER, to=address))[0] is Posted.REFUSED
    assert server.post.letters == []


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"rcpt": "550 no such user"}, (Posted.BOUNCED, "550 no such user")),
        ({"rcpt": "450 try again"}, (Posted.LATER, "450 try again")),
        ({"data": "554 looks like spam"}, (Posted.REFUSED, "554 looks like spam")),
        ({"data": "451 busy"}, (Posted.LATER, "451 busy")),
        ({"cut": True}, (Posted.UNKNOWN, "SMTPServerDisconnected")),
        ({"slow": 1.5}, (Posted.UNKNOWN, "SMTPServerDisconnected")),
    ],
)
def test_what_became_of_it_is_said_as_it_is(
    to: Made, server: MailServer, behaviour: dict[str, object], expected: tuple[Posted, str]
) -> None:
    for name, value in behaviour.items():
        setattr(server.post, name, value)

    assert to(server, 0.5).send(LETTER) == expected


def test_letters_share_a_connection_also_after_a_refusal(to: Made, server: MailServer) -> None:
    mail = to(server)
    assert mail.send(LETTER)[0] is Posted.ACCEPTED
    server.post.rcpt = "550 no such user"
    assert mail.send(LETTER)[0] is Posted.BOUNCED
    server.post.rcpt = None
    assert mail.send(LETTER)[0] is Posted.ACCEPTED

    assert (len(server.post.letters), server.post.connections) == (2, 1)


def test_a_connection_that_the_server_has_closed_is_replaced_before_a_letter_is_in_it(
    to: Made, server: MailServer
) -> None:
    mail = to(server)
    assert mail.send(LETTER)[0] is Posted.ACCEPTED
    server.post.hang_up()
    assert mail.send(LETTER) == (Posted.ACCEPTED, None)
    assert (len(server.post.letters), server.post.connections) == (2, 2)


def test_a_server_that_says_it_closes_is_dialled_again(to: Made, server: MailServer) -> None:
    mail = to(server)
    server.post.data = "421 closing"
    assert mail.send(LETTER) == (Posted.LATER, "421 closing")
    server.post.data = None
    assert mail.send(LETTER)[0] is Posted.ACCEPTED
    assert server.post.connections == 2


def test_many_threads_send_each_letter_once(to: Made, server: MailServer) -> None:
    mail = to(server)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: mail.send(replace(LETTER, message_id=f"<m{n}@example.com>")), range(40)))
    assert found == [(Posted.ACCEPTED, None)] * 40
    assert len({letter["Message-ID"] for letter in server.post.letters}) == len(server.post.letters) == 40
    assert server.post.connections <= 40


def test_a_notification_says_how_to_stop_it_in_its_headers(to: Made, server: MailServer) -> None:
    url = "https://agents.example.com/api/mail/unsubscribe/" + "x" * 150
    assert to(server).send(replace(LETTER, unsubscribe=url))[0] is Posted.ACCEPTED

    [came] = server.post.letters
    assert f"List-Unsubscribe: <{url}>".encode() in server.post.raw[0].splitlines(), "not encoded, not folded"
    assert came["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    assert SmtpMail(Server("127.0.0.1", port), "agent@example.com").send(LETTER)[0] is Posted.LATER


def test_without_a_server_letters_are_kept() -> None:
    mail: Mail = KeepingMail()
    assert mail.send(LETTER) == (Posted.KEPT, None)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", Server("mail.example.com", 587)),
        ("smtps://mail.example.com", Server("mail.example.com", 465, implicit=True)),
        (
            "smtp://me%40example.com:p%2Fw@mail.example.com:25",
            Server("mail.example.com", 25, False, "me@example.com", "p/w"),
        ),
    ],
)
def test_the_address_says_where_and_who(url: str, expected: Server) -> None:
    assert Server.of(url) == expected
    assert "p/w" not in repr(Server.of(url))
