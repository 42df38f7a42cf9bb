"""Small pages without the application: what a link in a mail opens.  No script; one style, which the policy names."""

import hashlib
from base64 import b64encode
from html import escape

from flask import Response

from ohmyagent.http.language import Language

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1.25rem; }
blockquote { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid #8886; border-radius: .5rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
form { display: inline-block; margin: .5rem .5rem 0 0; }
button { font: inherit; padding: .5rem 1.25rem; border-radius: .5rem; border: 1px solid #8888; cursor: pointer; }
"""
_DIGEST = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WORDS: dict[str, tuple[str, str]] = {
    "title": ("베타 신청", "Application for the beta"),
    "who": ("{name} ({email}) 님이 베타를 신청했습니다.", "{name} ({email}) has applied for the beta."),
    "approve": ("승인", "Approve"),
    "reject": ("거절", "Reject"),
    "approved": ("승인했습니다. 신청한 분께 메일이 갑니다.", "Approved. A mail tells the applicant."),
    "rejected": ("거절했습니다. 신청한 분께 메일이 갑니다.", "Rejected. A mail tells the applicant."),
    "stop_title": ("알림 메일", "Notification mails"),
    "stop_ask": ("이 주소로 알림 메일을 더 보내지 않을까요?", "Stop sending notifications to this address?"),
    "stop": ("그만 받기", "Stop them"),
    "stopped": (
        "이 주소로는 알림 메일을 더 보내지 않습니다. 계정 설정에서 다시 켤 수 있습니다.",
        "No more notifications go to this address. Your account's settings turn them on again.",
    ),
}


def decision(token: str, name: str, email: str | None, purpose: str, language: Language) -> Response:
    """Who applied and what for, with a button for each decision."""
    who = _said("who", language).format(name=name, email=email or "-")
    forms = "".join(_form(f"/api/beta/decisions/{token}/{way}", _said(way, language)) for way in ("approve", "reject"))
    return _page(
        _said("title", language), f"<p>{escape(who)}</p><blockquote>{escape(purpose)}</blockquote>{forms}", language
    )


def decided(what: str, language: Language) -> Response:
    return _page(_said("title", language), f"<p>{escape(_said(what, language))}</p>", language)


def stopping(token: str, language: Language) -> Response:
    """Whether to stop notifications, with a button."""
    form = _form(f"/api/mail/unsubscribe/{token}", _said("stop", language))
    return _page(_said("stop_title", language), f"<p>{escape(_said('stop_ask', language))}</p>{form}", language)


def stopped(language: Language) -> Response:
    return _page(_said("stop_title", language), f"<p>{escape(_said('stopped', language))}</p>", language)


def _form(action: str, label: str) -> str:
    return f'<form method="post" action="{escape(action)}"><button>{escape(label)}</button></form>'


def _page(title: str, body: str, language: Language) -> Response:
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    # Under no-referrer a browser's form sends `Origin: null`, which nobody vouches for
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _said(word: str, language: Language) -> str:
    return WORDS[word][0 if language == "ko" else 1]
