"""Mail by SMTP.  The one moment that is ambiguous lies between the letter's last byte and the server's answer.

Source: RFC 5321, 4.5.4.2 and 6.1; RFC 3834 for mails that a program sends.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from ohmyagent.ports import Letter, Posted

POLICY = SMTP.clone(cte_type="7bit")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\Z")
SECONDS = 30.0
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
    """`sender` is an address, with or without a name.  Without TLS it speaks to this machine only."""

    def __init__(self, server: Server, sender: str, seconds: float = SECONDS) -> None:
        self._server, self._seconds = server, seconds
        self._name, self._address = parseaddr(sender)

    @property
    def domain(self) -> str:
        return self._address.rpartition("@")[2]

    def send(self, letter: Letter) -> Outcome:
        if not ADDRESS.match(letter.to):
            return Posted.REFUSED, "the address is not one that mail can be sent to"
        message = self._message(letter)
        try:
            connection = self._connected()
        except smtplib.SMTPResponseException as refusal:
            return Posted.LATER, _said(refusal.smtp_code, refusal.smtp_error)
        except (OSError, smtplib.SMTPException) as failure:
            return Posted.LATER, type(failure).__name__
        try:
            return self._handed_over(connection, letter.to, message)
        finally:
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

    def _handed_over(self, connection: smtplib.SMTP, to: str, message: bytes) -> Outcome:
        """Without its end mark no server takes a letter: until then a failure means that another attempt is safe."""
        try:
            for command, expected in ((f"MAIL FROM:<{self._address}>", 250), (f"RCPT TO:<{to}>", 250), ("DATA", 354)):
                code, answer = connection.docmd(command)
                if code != expected:
                    return _refused(code, answer)
            connection.send(re.sub(rb"(?m)^\.", b"..", message))
        except (OSError, smtplib.SMTPException) as failure:
            return Posted.LATER, type(failure).__name__
        return self._answered(connection)

    def _answered(self, connection: smtplib.SMTP) -> Outcome:
        """From the letter's end mark on, silence says nothing about what the server did with it."""
        try:
            connection.send(b".\r\n")
            code, answer = connection.getreply()
        except (OSError, smtplib.SMTPException) as failure:
            return Posted.UNKNOWN, type(failure).__name__
        if code == 250:
            return Posted.ACCEPTED, None
        return _refused(code, answer)

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
        return message.as_bytes()


def _refused(code: int, answer: bytes) -> Outcome:
    """4xx may pass; anything else would be the same again.  A server that hangs up answers -1."""
    return (Posted.LATER if code < 500 else Posted.REFUSED), _said(code, answer)


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:300]
