"""How a mail looks: one layout as text, one as HTML in which everything is escaped."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ohmyagent.domain.mail import MailKind, OutboxMail
from ohmyagent.ports import Letter
from ohmyagent.use_cases.mails.sayings import ADMIN_FOOTER, BETA, BETA_FOOTER, DECIDE, FOOTER, OPEN, STOP, TICK, said

if TYPE_CHECKING:
    from jinja2 import Environment


def letter(mail: OutboxMail, public_url: str, unsubscribe: str | None = None) -> Letter:
    """What goes out.  `mail` has an address and a message id."""
    assert mail.to is not None
    assert mail.message_id is not None
    return Letter(
        to=mail.to,
        subject=mail.subject,
        text=_rendered("mail.txt.j2", mail, public_url, unsubscribe),
        html=_rendered("mail.html.j2", mail, public_url, unsubscribe),
        language=mail.language,
        message_id=mail.message_id,
        date=mail.created_at,
        unsubscribe=unsubscribe,
    )


def text(mail: OutboxMail, public_url: str) -> str:
    return _rendered("mail.txt.j2", mail, public_url)


def _rendered(name: str, mail: OutboxMail, public_url: str, unsubscribe: str | None = None) -> str:
    address = f"{public_url}/{mail.place}"
    words = {
        "stop": said(STOP, mail.language),
        "stop_address": unsubscribe,
        "open": said(DECIDE if mail.kind is MailKind.BETA_NOTICE else OPEN, mail.language),
        "footer": said(_footer(mail.kind), mail.language),
    }
    return _environment().get_template(name).render(mail=mail, address=address, **words)


def _footer(kind: MailKind) -> tuple[str, str]:
    if kind in TICK:
        return ADMIN_FOOTER
    return BETA_FOOTER if kind in BETA else FOOTER


@cache
def _environment() -> "Environment":
    """Jinja2 is loaded with the first mail, not with the program."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

    def source(name: str) -> str:
        return (files(__package__) / name).read_text(encoding="utf-8")

    return Environment(
        loader=FunctionLoader(source),
        autoescape=select_autoescape(("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
