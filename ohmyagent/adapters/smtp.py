"""Mail by SMTP.  The one moment that is ambiguous lies between the letter's last byte and the server's answer.

Source: RFC 5321, 4.5.4.2 and 6.1; RFC 3834 for mails that a program sends; RFC 2369 and 8058 for how to stop them.
"""

import re
import smtplib
import ssl
import threading
import time
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from ohmyagent.ports import Letter, Posted

POLICY = SMTP.clone(cte_type="7bit")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\Z")
STOPPING = re.compile(r"https?://[A-Za-z0-9.:\[\]_/-]{1,800}")
SECONDS = 30.0
IDLE_SECONDS = 20.0
"""How long a connection is kept for the next letter; servers hang up after a few minutes at the least."""
MOST_IDLE = 4
CLOSING = 421
LOOPBACK = ("localhost", "127.0.0.1", "::1")

Outcome = tuple[Posted, str | None]


@dataclass(frozen=True)
class Server:
    """Where mail is handed over; `implicit` means TLS from the first byte, else STARTTLS."""

    host: str
    port: int
    implicit: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> "Server":
        """`smtp://user:password@host:587` or `smtps://host`; user and password are percent-encoded."""
        parts = urlsplit(url)
        implicit = parts.scheme == "smtps"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (465 if implicit else 587),
            implicit=implicit,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


class SmtpMail:
    """`sender` is an address, with or without a name.  Without TLS it speaks to this machine only.

    Connections are kept for a while, as signing in takes longer than a letter.  Safe to use from many threads.
    """

    def __init__(self, server: Server, sender: str, seconds: float = SECONDS) -> None:
        self._server, self._seconds = server, seconds
        self._name, self._address = parseaddr(sender)
        self._idle: list[tuple[float, smtplib.SMTP]] = []
        self._lock = threading.Lock()

    @property
    def domain(self) -> str:
        return self._address.rpartition("@")[2]

    def send(self, letter: Letter) -> Outcome:
        if not ADDRESS.match(letter.to):
            return Posted.REFUSED, "the address is not one that mail can be sent to"
        message = self._message(letter)
        try:
            connection = self._kept() or self._connected()
        except smtplib.SMTPResponseException as refusal:
            return Posted.LATER, _said(refusal.smtp_code, refusal.smtp_error)
        except (OSError, smtplib.SMTPException) as failure:
            return Posted.LATER, type(failure).__name__
        outcome, usable = self._handed_over(connection, letter.to, message)
        self._keep(connection) if usable else connection.close()
        return outcome

    def close(self) -> None:
        """Hang up; another letter dials anew."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _keep(self, connection: smtplib.SMTP) -> None:
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()

    def _kept(self) -> smtplib.SMTP | None:
        """A connection that still answers, with whatever the letter before left undone forgotten; or None."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, connection = self._idle.pop()
            try:
                if time.monotonic() - since < IDLE_SECONDS and connection.docmd("RSET")[0] == 250:
                    return connection
            except (OSError, smtplib.SMTPException):
                pass  # it hung up meanwhile, which is its right
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        """Raises OSError or SMTPException."""
        server, tls = self._server, ssl.create_default_context()
        if server.implicit:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=self._seconds, context=tls)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._seconds)
        try:
            connection.ehlo_or_helo_if_needed()
            if not server.implicit and server.host not in LOOPBACK:
                connection.starttls(context=tls)
            if server.username is not None:
                connection.login(server.username, server.password or "")
        except (OSError, smtplib.SMTPException):
            connection.close()
            raise
        return connection

    def _handed_over(self, connection: smtplib.SMTP, to: str, message: bytes) -> tuple[Outcome, bool]:
        """What became of it, and whether the connection is good for another.

        Without its end mark no server takes a letter: until then a failure means that another attempt is safe.
        """
        recipient = f"RCPT TO:<{to}>"
        try:
            for command, expected in ((f"MAIL FROM:<{self._address}>", 250), (recipient, 250), ("DATA", 354)):
                code, answer = connection.docmd(command)
                if code != expected:
                    return _refused(code, answer, Posted.BOUNCED if command is recipient else Posted.REFUSED)
            connection.send(re.sub(rb"(?m)^\.", b"..", message))
        except (OSError, smtplib.SMTPException) as failure:
            return (Posted.LATER, type(failure).__name__), False
        return self._answered(connection)

    def _answered(self, connection: smtplib.SMTP) -> tuple[Outcome, bool]:
        """From the letter's end mark on, silence says nothing about what the server did with it."""
        try:
            connection.send(b".\r\n")
            code, answer = connection.getreply()
        except (OSError, smtplib.SMTPException) as failure:
            return (Posted.UNKNOWN, type(failure).__name__), False
        if code == 250:
            return (Posted.ACCEPTED, None), True
        return _refused(code, answer, Posted.REFUSED)

    def _message(self, letter: Letter) -> bytes:
        """Headers are encoded by the library, which refuses line ends; a subject of two lines becomes one."""
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(self._name, addr_spec=self._address)
        message["To"] = letter.to
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = format_datetime(letter.date)
        message["Message-ID"] = letter.message_id
        message["Content-Language"] = letter.language
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return _stopped_by(letter.unsubscribe) + message.as_bytes()


def _stopped_by(url: str | None) -> bytes:
    """How the mail program stops such mails.  Written by hand: the library would encode an address of this length."""
    if url is None or not STOPPING.fullmatch(url):
        return b""
    return f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode()


def _refused(code: int, answer: bytes, for_good: Posted) -> tuple[Outcome, bool]:
    """4xx may pass; anything else would be the same again.  A server that hangs up answers -1."""
    return (Posted.LATER if code < 500 else for_good, _said(code, answer)), code not in (-1, CLOSING)


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:300]
