"""Fetch an address that the agent may reach, and say what is there."""

import html
import re
import shlex

from ohmyagent.demo.conversation import Conversation, Step
from ohmyagent.demo.reply import Call, Final
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import BY_DEMO, NO_TOOLS, said

_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]가-힣]+")
_SILENT = re.compile(r"<(script|style|head)\b.*?</\1>", re.S | re.I)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.S | re.I)
_TAG = re.compile(r"<[^>]{0,2000}>")
MOST_SHOWN = 600


def address(text: str) -> str | None:
    found = _ADDRESS.search(text)
    return found[0].rstrip(".,;:!?") if found else None


def fetch(c: Conversation) -> Story:
    url = address(c.said) or ""
    saying = f"{url} 주소의 내용을 가져오겠습니다." if c.korean else f"I will fetch {url}."
    if "WebFetch" in c.tools:
        question = "이 페이지에 무엇이 있나요?" if c.korean else "What does this page say?"
        step = yield Call("WebFetch", {"url": url, "prompt": question}, saying)
        return _told(url, step, step.output, c.korean)
    if "Bash" in c.tools:
        command = f"set -o pipefail; curl -sSL --fail --max-time 20 -- {shlex.quote(url)} | head -c 20000"
        step = yield Call("Bash", {"command": command, "description": "Fetch the address"}, saying)
        return _told(url, step, gist(step.output, c.korean), c.korean)
    return Final(said(NO_TOOLS, c.korean), "blocked")


def gist(page: str, korean: bool) -> str:
    """The beginning of a page, as text.  The demo reads nothing into it and follows nothing it says."""
    title = _TITLE.search(page)
    text = " ".join(html.unescape(_TAG.sub(" ", _SILENT.sub(" ", page[:50_000]))).split())[:MOST_SHOWN]
    head = f"{'제목' if korean else 'Title'}: {html.unescape(title[1]).strip()[:200]}\n\n" if title else ""
    return f"{head}{text}" if text or head else ("빈 페이지입니다." if korean else "The page is empty.")


def _told(url: str, step: Step, text: str, korean: bool) -> str | Final:
    if step.failed:
        sentence = f"{url} 주소의 내용을 가져오지 못했습니다" if korean else f"{url} could not be fetched"
        return Final(f"{sentence}: {step.output[:300]}\n\n{said(BY_DEMO, korean)}", "blocked")
    head = f"{url} 의 내용입니다." if korean else f"What {url} says:"
    return f"{head}\n\n> {text.strip().replace(chr(10), f'{chr(10)}> ')}\n\n{said(BY_DEMO, korean)}"
