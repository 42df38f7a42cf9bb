"""From a conversation to the next reply: the job is recognised, and its story told again up to the present."""

import re
from collections.abc import Callable

from ohmyagent.demo import comparing, designing, fetching, looking, summing, writing
from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.reply import Failure, Final, Reply
from ohmyagent.demo.story import Story, told
from ohmyagent.demo.words import CANNOT, FAILED, said

Job = Callable[[Conversation], Story]

_FAIL = re.compile(r"fail(s|ing)? (on purpose|deliberately)|deliberately fail|일부러[^.\n]{0,20}실패|실패해", re.I)
_CSV = re.compile(r"\bcsv\b|\.csv|CSV", re.I)
_COMPARE = re.compile(
    r"(compare|differ|changed?)[^.\n]{0,60}(last|previous|earlier)|since (the|my) (last|previous)"
    r"|(지난|이전|저번|직전)[^.\n]{0,30}(비교|달라|바뀐|변한|변경)",
    re.I,
)
_NOTHING = re.compile(
    r"nothing[ -](is )?new|no news|only (if|when)[^.\n]{0,40}(new|change)"
    r"|(새로운|새|바뀐|달라진|변경)[^.\n]{0,20}없(으면|다|음|을)",
    re.I,
)
_LOOK = re.compile(
    r"look(s|ing)? around|workspace|folder|report|(list|describe|summari[sz]e)[^.\n]{0,30}files"
    r"|살펴|둘러|보고서|작업 ?(폴더|공간)|파일[^.\n]{0,10}(목록|정리|요약)",
    re.I,
)


def reply_to(conversation: Conversation) -> Reply:
    """The next reply.  Only the user's own words choose the job; a page that is to be read is never taken for them."""
    if conversation.page is not None:
        return Final(fetching.gist(conversation.page, conversation.korean))
    if designing.TOOL in conversation.tools:
        return designing.reply_to(conversation)
    if _FAIL.search(conversation.said):
        return Failure(said(FAILED, conversation.korean))
    job = _job(conversation.said)
    return told(job(conversation), conversation.steps) if job else Final(said(CANNOT, conversation.korean), "blocked")


def _job(text: str) -> Job | None:
    if _CSV.search(text):
        return summing.csv
    if fetching.address(text):
        return fetching.fetch
    if _COMPARE.search(text):
        return comparing.compare
    if _NOTHING.search(text):
        return comparing.watch
    if writing.wanted(text):
        return writing.write
    return looking.report if _LOOK.search(text) else None
