"""A wish taken apart: what to do, how to call it, who hears of it, and what it needs."""

import re
from dataclasses import dataclass

_FILES = "csv|xlsx?|md|txt|pdf|json|png|jpe?g|docx?|hwp"
ADDRESS = re.compile(r"https?://([^\s/?#'\"<>)\]]+)[^\s'\"<>)\]]*", re.I)
_DOMAIN = re.compile(rf"(?<![\w@/.-])((?:[a-z0-9-]+\.)+(?!(?:{_FILES})\b)[a-z]{{2,}})(?![\w-])", re.I)

_KOREAN_VERBS = {
    "요약": "요약", "정리": "정리", "분석": "분석", "비교": "비교", "번역": "번역", "점검": "점검", "확인": "확인",
    "조사": "조사", "검색": "검색", "추적": "추적", "감시": "감시", "집계": "집계", "추천": "추천", "수집": "수집",
    "모니터링": "모니터링", "작성": "작성", "계산": "계산", "모아": "모으기", "모으": "모으기", "찾": "찾기",
    "골라": "고르기", "살펴": "살펴보기", "지켜": "지켜보기", "써": "쓰기", "만들": "만들기", "뽑": "뽑기",
    "읽": "읽기", "알려": "알림",
}  # fmt: skip
_VERB = re.compile("|".join(rf"(?<![가-힣]){verb}|(?<=[을를은는이가] ){verb}" for verb in _KOREAN_VERBS))
_PARTICLE = re.compile(r"(?<=[가-힣A-Za-z0-9])(?:들을|들의|들|을|를|의)$")
_KOREAN_OPENING = re.compile(
    r"^(?:(?:그리고|혹시|저기|안녕하세요)[,.! ]*"
    r"|(?:(?:제가|내가|방금|여기) )*(?:올린|올려 ?(?:둔|준|드린)|첨부한|붙인|업로드한) )+"
)

_MAIL_NEVER = re.compile(
    r"(?:메일|알림)[^.\n]{0,8}"
    r"(?:보내지 ?마|필요 ?없|하지 ?마|없이|끄|꺼|주지 ?마|빼|그만|안 ?(?:보내|주|줘|해|와|받)[가-힣]*(?:도|래))"
    r"|(?:no|without|don'?t|do not|stop)\b[^.\n]{0,16}\be?-?mail", re.I,
)  # fmt: skip
_MAIL_ON_FAILURE = re.compile(
    r"(?:실패|오류|에러|문제)[^.\n]{0,16}(?:메일|알려|알림)|메일[^.\n]{0,8}(?:실패|오류|에러|문제)"
    r"|mail[^.\n]{0,16}\b(?:if|when|on)\b[^.\n]{0,16}(?:fail|wrong|error)"
    r"|(?:if|when)\b[^.\n]{0,20}(?:fail|wrong|error)[^.\n]{0,24}mail", re.I,
)  # fmt: skip
_MAIL_ALWAYS = re.compile(r"메일|\be-?mail|\bmail (?:me|it|the)", re.I)
_MAIL_TAIL = re.compile(
    r"(?:서|고|여)?[, ]*(?:그? ?결과를 |알림을 )?(?:이)?메일(?:로|을|은)?[^.\n]*$"
    r"|,? ?(?:and |then )?(?:please )?(?:mail|send)\b[^.\n]*$|,? ?(?:and |then )?(?:no |without )?e-?mails?\b[^.\n]*$",
    re.I,
)
_SENTENCE = re.compile(
    r"(?<=[.!?])\s+|\n|, ?(?=(?:문제|실패|오류|에러|이?메일|알림)|(?:no|but|e-?mail|mail|and (?:e-?mail|mail))\b)", re.I
)
_SOURCE = re.compile(r".*(?:[A-Za-z0-9]|[가-힣])(?:으?로|에서)$")
"""Where something is read from, before what is made of it: `sales.csv로`."""

_COMPUTES = re.compile(
    r"csv|xlsx?|엑셀|스프레드시트|매출|집계|통계|계산|spreadsheet|sales|compute|calculate|average", re.I
)
_WEB = re.compile(
    r"뉴스|소식|기사|환율|시세|주가|날씨|공고|논문|검색|사이트|블로그|동향|가격|news|headline|paper|weather|price|stock"
    r"|exchange rate|website|blog|job|search|trend", re.I,
)  # fmt: skip

_ENGLISH_OPENING = re.compile(
    r"^(?:please|can you|could you|i(?:'d| would) like (?:you )?to|i want (?:you )?to|i need (?:you )?to"
    r"|make (?:me )?an agent (?:that|to)|(?:send|give|show|tell) me(?: an?| the)?\b|(?:and|then|to)\b)[, ]*", re.I,
)  # fmt: skip
_ENGLISH_CUT = re.compile(
    r",| and (?:e-?mail|mail|send|save|tell|let|write|list)\b| then | so that |[;\n]|\.(?=\s|$)", re.I
)
_AT_ADDRESS = re.compile(r" ?\b(?:at|on|from|of|in)? ?https?://\S+", re.I)
_HELLO = re.compile(r"(?:hi|hello|hey|good (?:morning|evening)|thanks?|thank you)\b", re.I)
_ASKS = re.compile(
    r"(?:what|who|when|where|why|how|which|is|are|am|was|were|do|does|did|has|have|should)\b.*\?\s*$", re.I | re.S
)
"""A question to the designer; what comes with a time is asked of the agent."""
LONGEST_NAME = 50


@dataclass(frozen=True)
class Wish:
    """`email` is None when nothing was said about mail; `task` is the user's own words without schedule and mail."""

    name: str
    task: str
    email: str | None
    hosts: tuple[str, ...]
    tools: tuple[str, ...]


def wish(text: str, korean: bool) -> Wish:
    """The text without its schedule."""
    hosts = hosts_in(text)
    return Wish(name(text, korean), task(text, korean), email(text), hosts, tools(text, hosts))


def email(text: str) -> str | None:
    if _MAIL_NEVER.search(text):
        return "never"
    if _MAIL_ON_FAILURE.search(text):
        return "on_failure"
    return "always" if _MAIL_ALWAYS.search(text) else None


def hosts_in(text: str) -> tuple[str, ...]:
    """Those that the user named, and no other."""
    found = [host.rpartition("@")[2].partition(":")[0] for host in ADDRESS.findall(text)]
    found += _DOMAIN.findall(ADDRESS.sub(" ", text))
    return tuple(dict.fromkeys(host.lower().rstrip(".") for host in found))


def tools(text: str, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """The fewest that the work needs."""
    needed = ["Bash"] if _COMPUTES.search(text) and not hosts else []
    needed += ["Read", "Write"]
    if hosts:
        needed.append("WebFetch")
    elif _WEB.search(text) and "Bash" not in needed:
        needed.append("WebSearch")
    return tuple(needed)


def task(text: str, korean: bool) -> str:
    """What to do, as it was said; sentences about mail are for the platform."""
    sentences = [part.strip(" ,") for part in _SENTENCE.split(text) if part.strip(" ,")]
    kept = [one for sentence in sentences if (one := _without_mail(sentence, korean))]
    return " ".join(kept) or text.strip()


def _without_mail(sentence: str, korean: bool) -> str:
    if not email(sentence):
        return sentence
    cut = _MAIL_TAIL.sub("", sentence).strip(" ,")
    if not cut or not (_VERB.search(cut) if korean else " " in cut) or re.search(r"실패|오류|\b(?:if|when)\b", cut):
        return ""
    return f"{re.sub('하$', '해', cut)} 주세요." if korean else f"{cut}."


def is_wish(text: str, korean: bool) -> bool:
    """Whether there is anything to do in it: a greeting has no verb that an agent could follow."""
    return (
        bool(_VERB.search(text))
        if korean
        else len(_ENGLISH_OPENING.sub("", text).split()) > 1 and not _HELLO.match(text) and not _ASKS.match(text)
    )


def name(text: str, korean: bool) -> str:
    found = _korean_name(text) if korean else _english_name(text)
    while len(found) > LONGEST_NAME and " " in found:
        found = found.rpartition(" ")[0]
    return found[:LONGEST_NAME].strip(" ,.") or ("새 에이전트" if korean else "New agent")


def _korean_name(text: str) -> str:
    """What the first verb is about, and the verb as a noun: `경쟁사 뉴스를 요약해서` is `경쟁사 뉴스 요약`."""
    plain = _KOREAN_OPENING.sub("", ADDRESS.sub(lambda found: found[1], text)).strip()
    found = _VERB.search(plain)
    if found is None:
        return plain.split(".")[0]
    about = [word for word in plain[: found.start()].replace(",", " ").split() if not re.fullmatch("[을를에의]", word)]
    sources = [place for place, word in enumerate(about[:-1]) if _SOURCE.match(word)]
    words = [_PARTICLE.sub("", word) for word in about[sources[-1] + 1 if sources else 0 :]]
    return " ".join([*words[-4:], _KOREAN_VERBS[found[0]]])


def _english_name(text: str) -> str:
    opened = _ENGLISH_OPENING.sub("", _ENGLISH_OPENING.sub("", text.strip(" ,.")))
    named = re.match(r"\S+ https?://", opened)
    plain = ADDRESS.sub(lambda found: found[1], opened) if named else _AT_ADDRESS.sub("", opened)
    clause = _ENGLISH_CUT.split(plain.strip())[0].strip()
    return clause[:1].upper() + clause[1:]
