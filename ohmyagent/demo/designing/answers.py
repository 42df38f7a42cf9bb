"""Questions that are not about the draft: trial runs, prices, past runs, agents, limits."""

import re
from collections.abc import Callable

from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.designing.speech import Json, by_demo, read
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
NO_LIMIT: Said = ("없음", "none")
NO_AGENTS: Said = ("아직 저장한 에이전트가 없습니다.", "You have no saved agents yet.")
STATUSES: dict[str, Said] = {
    "active": ("사용 중", "active"),
    "paused": ("일시정지", "paused"),
    "draft": ("초안", "draft"),
}
NONE_FAILED: Said = ("최근 실행 가운데 실패한 것이 없습니다.", "None of the latest runs failed.")
BLOCKED: Said = ("허용되지 않은 사이트를 열려고 했습니다: {hosts}.", "It tried hosts that are not allowed: {hosts}.")


def job(c: Conversation) -> Job | None:
    """What was asked, if it was one of these."""
    if len(c.said) > SHORT:
        return None
    return next((answer for pattern, answer in _JOBS if pattern.search(c.said)), None)


def rehearse(c: Conversation) -> Story:
    step = yield Call("propose_rehearsal", {})
    return by_demo(c, said(NOTHING_TO_TRY if step.failed else TO_TRY, c.korean))


def went(c: Conversation) -> Story:
    found = read((yield Call("read_rehearsal", {}))).get("untrusted")
    return by_demo(c, _told(found, c.korean) if isinstance(found, dict) else said(NOT_TRIED, c.korean))


def why(c: Conversation) -> Story:
    """The newest run that came to nothing, and why."""
    runs = read((yield Call("read_runs", {"limit": 20}))).get("untrusted", {}).get("runs", [])
    bad = [run for run in runs if run["status"] in CAME_TO_NOTHING or run.get("kind") == "blocked"]
    if not bad:
        return by_demo(c, said(NONE_FAILED, c.korean))
    found = read((yield Call("read_run", {"run_id": bad[0]["runId"]}))).get("untrusted", {})
    return by_demo(c, _told(found.get("run", bad[0]), c.korean))


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


_WHY = re.compile(
    r"왜[^.\n]*(?:실패|안 ?(?:됐|돼|왔|되)|멈)|실패[^.\n]*(?:왜|이유|원인)"
    r"|\bwhy\b[^.\n]*(?:fail|stop|wrong|not run)",
    re.I,
)
_WENT = re.compile(r"결과[^.\n]*(?:어때|어떻|알려|보여)|어떻게 ?됐|how did (?:it|that) go|what was the result", re.I)
_TRY = re.compile(
    r"시험 ?(?:해|삼아|실행)|테스트 ?(?:해|실행)|돌려 ?봐|한 ?번 ?(?:실행|돌려)|\btry it\b|\btest (?:it|run)|trial run",
    re.I,
)
_PRICE = re.compile(r"얼마|비용이|가격이|요금이|how much|what does it cost|the price\b", re.I)
_AGENTS = re.compile(
    r"에이전트(?:가|를|는)? ?(?:목록|뭐|무엇|어떤|몇)|(?:내|제) 에이전트 ?(?:보여|알려)"
    r"|(?:list|show) my agents|which agents",
    re.I,
)
_LIMITS = re.compile(r"한도(?:가|는)|제한(?:이|은)|(?:무엇을|뭘) 할 수|what (?:are|is) the limit|what can you do", re.I)
_JOBS: tuple[tuple[re.Pattern[str], Job], ...] = (
    (_WHY, why),
    (_WENT, went),
    (_TRY, rehearse),
    (_PRICE, price),
    (_AGENTS, agents),
    (_LIMITS, limits),
)
