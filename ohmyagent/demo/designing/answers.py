"""Questions that are not about the draft: trial runs, prices, past runs, agents, limits."""

import re
from collections.abc import Callable

from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.designing.speech import Json, by_demo, read, spoken
from ohmyagent.demo.reply import Call
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import Said, said

Job = Callable[[Conversation], Story]
SHORT = 60
"""A longer message is a wish, whatever words are in it."""
CAME_TO_NOTHING = ("failed", "timed_out", "cancelled")

TO_TRY: Said = (
    "카드의 **시험 실행**을 누르면 한 번 실제로 실행합니다. 누르기 전에는 돈이 들지 않습니다.",
    "Press the button on the card to run it once for real. Nothing is spent before that.",
)
NOTHING_TO_TRY: Said = (
    "아직 시험해 볼 초안이 없습니다. 먼저 무엇을 할지 알려 주세요.",
    "There is no draft to try yet. Tell me first what it should do.",
)
NOT_TRIED: Said = ("아직 시험 실행을 하지 않았습니다.", "Nothing was tried yet.")
NO_PRICE: Said = ("아직 초안이 없어 비용을 말할 수 없습니다.", "There is no draft to price yet.")
AT_MOST: Said = (
    "시험 실행을 해 봐야 알 수 있습니다. 한 번에 많아야 {cap}입니다.",
    "Only a trial run can tell. It is {cap} a run at most.",
)
MEASURED: Said = (
    "시험 실행대로면 앞으로 31일 동안 {runs}번, 모두 {month}쯤입니다.",
    "By the trial runs, {runs} runs in the next 31 days come to about {month}.",
)
LIMITS: Said = (
    "일정은 {minutes}분에 한 번까지, 한 달 비용 한도는 {month}, 시험 실행은 한 번에 {trial}까지입니다.",
    "A schedule may come due every {minutes} minutes, a month's cost limit is {month}, and a trial run costs {trial} "
    "at most.",
)
NO_DRAFT: Said = ("아직 초안이 없습니다.", "There is no draft yet.")
RUNS: Said = (
    "저장하고 일정을 켜면 **{when}**에 실행됩니다.",
    "Once saved and switched on, it runs **{when}**.",
)
BY_HAND: Said = ("일정이 없어 직접 실행할 때만 일합니다.", "It has no schedule: it runs when you start it.")
NO_LIMIT: Said = ("없음", "none")
NO_AGENTS: Said = ("아직 저장한 에이전트가 없습니다.", "You have no saved agents yet.")
STATUSES: dict[str, Said] = {
    "active": ("사용 중", "active"),
    "paused": ("일시정지", "paused"),
    "draft": ("초안", "draft"),
}
NONE_FAILED: Said = ("최근 실행 가운데 실패한 것이 없습니다.", "None of the latest runs failed.")
BLOCKED: Said = ("허용되지 않은 사이트를 열려고 했습니다: {hosts}.", "It tried hosts that are not allowed: {hosts}.")


def job(text: str) -> Job | None:
    """What was asked, if it was one of these."""
    if len(text) > SHORT or (_TIMED.search(text) and _WORK.search(text)):
        return None
    return next((answer for pattern, answer in _JOBS if pattern.search(text)), None)


def rehearse(c: Conversation) -> Story:
    step = yield Call("propose_rehearsal", {})
    return by_demo(c, said(NOTHING_TO_TRY if step.failed else TO_TRY, c.korean))


def went(c: Conversation) -> Story:
    found = read((yield Call("read_rehearsal", {}))).get("untrusted")
    return by_demo(c, _told(found, c.korean) if isinstance(found, dict) else said(NOT_TRIED, c.korean))


def why(c: Conversation) -> Story:
    """The run that was meant, or the newest that came to nothing, and why."""
    if c.run is not None:
        step = yield Call("read_run", {"run_id": c.run})
        if found := read(step).get("untrusted", {}).get("run"):
            return by_demo(c, _told(found, c.korean))
    runs = read((yield Call("read_runs", {"limit": 20}))).get("untrusted", {}).get("runs", [])
    bad = [run for run in runs if run["status"] in CAME_TO_NOTHING or run.get("kind") == "blocked"]
    if not bad:
        return by_demo(c, said(NONE_FAILED, c.korean))
    found = read((yield Call("read_run", {"run_id": bad[0]["runId"]}))).get("untrusted", {})
    return by_demo(c, _told(found.get("run", bad[0]), c.korean))


def when(c: Conversation) -> Story:
    """When the draft comes due, in words."""
    draft = read((yield Call("read_draft", {}))).get("draft", {})
    if not draft.get("finalPrompt"):
        return by_demo(c, said(NO_DRAFT, c.korean))
    text = draft.get("scheduleText")
    return by_demo(c, said(RUNS, c.korean).format(when=spoken(text, c.korean)) if text else said(BY_HAND, c.korean))


def price(c: Conversation) -> Story:
    found = read((yield Call("estimate_price", {}))).get("price")
    if not found:
        return by_demo(c, said(NO_PRICE, c.korean))
    if found["perRun"] is None:
        return by_demo(c, said(AT_MOST, c.korean).format(cap=_dollars(found["capPerRun"])))
    month = _dollars(found["perMonth"]["high"], 4)
    return by_demo(c, said(MEASURED, c.korean).format(runs=found["runs"], month=month))


def agents(c: Conversation) -> Story:
    found = read((yield Call("list_agents", {}))).get("untrusted", {}).get("agents", [])
    if not found:
        return by_demo(c, said(NO_AGENTS, c.korean))
    return by_demo(c, "\n".join(f"- {agent['name']} ({_status(agent['status'], c)})" for agent in found) + "\n\n")


def limits(c: Conversation) -> Story:
    found = read((yield Call("explain_limits", {})))
    plan = found.get("limits", {})
    cap = plan.get("monthlyMicroUsd")
    told = said(LIMITS, c.korean).format(
        minutes=int(plan.get("minimumIntervalSeconds", 60)) // 60,
        month=said(NO_LIMIT, c.korean) if cap is None else _dollars(cap),
        trial=_dollars(found.get("rehearsalCapMicroUsd", 0)),
    )
    return by_demo(c, told)


def _status(status: str, c: Conversation) -> str:
    return said(STATUSES.get(status, (status, status)), c.korean)


def _dollars(micro: int, places: int = 2) -> str:
    return f"${micro / 1_000_000:.{places}f}" if micro else "$0"


def _told(run: Json, korean: bool) -> str:
    blocked = [host["host"] for host in run.get("hosts", []) if not host["allowed"]]
    reason = run.get("why") or run.get("result") or run["status"]
    text = f"**{run['name']}** ({run['created'][:16].replace('T', ' ')}): {reason}"
    return text + " " + said(BLOCKED, korean).format(hosts=", ".join(blocked)) if blocked else text


_TIMED = re.compile(r"매일|매주|평일|주말|마다|\d ?시(?!간)|\bevery\b|\bdaily\b|weekdays?\b|\d ?[ap]m\b", re.I)
_WORK = re.compile(r"확인|조사|정리|요약|분석|비교|수집|모아|찾아|check|watch|summari[sz]e|compare|collect|write", re.I)
"""A time and work to do are a wish, whatever else is in it: `매일 9시에 가격이 얼마인지 확인해 줘`."""
_WHY = re.compile(
    r"왜[^.\n]*(?:실패|안 ?(?:됐|돼|왔|되)|멈)|실패[^.\n]*(?:왜|이유|원인|있(?:어|나|었)|없(?:어|나|었))"
    r"|\b(?:did|has|have)\b[^.\n]*\bfail|\bwhat\b[^.\n]*\b(?:failed|went wrong)"
    r"|\bwhy\b[^.\n]*(?:fail|stop|wrong|not run)",
    re.I,
)
_WENT = re.compile(r"결과[^.\n]*(?:어때|어떻|알려|보여)|어떻게 ?됐|how did (?:it|that) go|what was the result", re.I)
_TRY = re.compile(
    r"시험 ?(?:해|삼아|실행)|테스트 ?(?:해|실행)|돌려 ?봐"
    r"|(?<!에 )(?<!하루 )한 ?번 ?(?:만 )?(?:실행|돌려)|\btry (?:it|this|that)\b"
    r"|\btest (?:it|this|run)|trial run|\brun it once",
    re.I,
)
_PRICE = re.compile(
    r"얼마|(?:비용|가격|요금|돈)[은이도]?[^.\n면때]*(?:알려|궁금|나와|들어|드는|보여|어떻게|어때)"
    r"|how much|what (?:does|will|would) (?:it|this) cost|the (?:price|costs?)\b",
    re.I,
)
_WHEN = re.compile(
    r"언제[^.\n]*(?:실행|돌아|도는|시작|와|오)|몇 ?시에[^.\n]*(?:실행되|돌아|도는)|다음 실행"
    r"|when (?:does|will|is) (?:it|this|the next)",
    re.I,
)
_AGENTS = re.compile(
    r"에이전트(?:가|를|는|로)? ?(?:목록|뭐|뭘|무엇|어떤|몇)|(?:내|제) 에이전트 ?(?:보여|알려)"
    r"|(?:list|show) my agents|which agents",
    re.I,
)
_LIMITS = re.compile(
    r"한도(?:가|는)|제한(?:이|은)|(?:무엇을|무엇|뭘|뭐|뭐를) 할 수|what (?:are|is) the limit|what can you do", re.I
)
_JOBS: tuple[tuple[re.Pattern[str], Job], ...] = (
    (_WHY, why),
    (_WENT, went),
    (_TRY, rehearse),
    (_PRICE, price),
    (_WHEN, when),
    (_AGENTS, agents),
    (_LIMITS, limits),
)
