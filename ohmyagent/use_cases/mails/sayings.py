"""What mails say, in Korean and English.  `{name}` is the agent's, `{count}` how often, `{why}` a sentence."""

from dataclasses import dataclass

from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.mail import MailKind


@dataclass(frozen=True)
class Saying:
    subject: str
    lines: tuple[str, ...]


KOREAN = {
    MailKind.FAILED: Saying(
        "[실패] {name}",
        ("{name} 에이전트가 일을 끝내지 못했습니다.", "계속 실패하면 하루에 한 번, 오전 9시에 모아서 알려 드립니다."),
    ),
    MailKind.DIGEST: Saying(
        "[계속 실패] {name}: 지난 알림 뒤로 {count}번",
        ("{name} 에이전트가 지난 알림 뒤로 {count}번 더 실패했습니다. 아래는 가장 최근의 실패입니다.",),
    ),
    MailKind.RECOVERED: Saying(
        "[복구] {name}", ("{name} 에이전트가 다시 성공했습니다. 그 전까지 {count}번 실패했습니다.",)
    ),
    MailKind.RESULT: Saying("[결과] {name}", ("{name} 에이전트의 결과입니다.",)),
    MailKind.MISSED: Saying(
        "[놓침] {name}: {count}번", ("{name} 에이전트를 정해진 시각에 {count}번 실행하지 못했습니다.",)
    ),
    MailKind.PAUSED: Saying("[멈춤] {name}", ("{name} 에이전트의 자동 실행을 멈췄습니다.", "{why}")),
    MailKind.RESUMED: Saying(
        "[다시 시작] {name}", ("{name} 에이전트의 자동 실행을 다시 시작했습니다. 멈춘 이유가 없어졌습니다.",)
    ),
    MailKind.BETA_RECEIVED: Saying(
        "베타 신청을 받았습니다",
        (
            "Oh My Agent 베타를 신청해 주셔서 고맙습니다.",
            "검토가 끝나면 메일로 알려 드립니다. 상태는 페이지에서도 볼 수 있습니다.",
        ),
    ),
    MailKind.BETA_NOTICE: Saying(
        "새 베타 신청이 있습니다",
        (
            "베타 신청이 들어왔습니다. 아래 링크에서 승인하거나 거절할 수 있습니다.",
            "링크는 7일 동안, 한 번만 쓸 수 있습니다.",
        ),
    ),
    MailKind.BETA_APPROVED: Saying(
        "베타 신청이 승인되었습니다",
        ("베타 신청이 승인되었습니다.", "이제 더 많은 에이전트를 만들고, 더 자주, 더 오래 실행할 수 있습니다."),
    ),
    MailKind.BETA_REJECTED: Saying(
        "베타 신청 결과를 알려 드립니다",
        ("이번에는 베타에 모시지 못하게 되었습니다.", "지금의 계정은 그대로 쓸 수 있습니다."),
    ),
    MailKind.TICK_SILENT: Saying(
        "[점검 필요] 일정의 시계가 멈췄습니다",
        ("일정을 맡는 시계가 2분 넘게 움직이지 않아, 예약된 실행이 시작되지 않습니다.",),
    ),
    MailKind.TICK_BACK: Saying(
        "[복구] 일정의 시계가 다시 움직입니다",
        ("일정을 맡는 시계가 다시 움직입니다. 그동안 놓친 실행은 각 에이전트의 달력에 남아 있습니다.",),
    ),
}
ENGLISH = {
    MailKind.FAILED: Saying(
        "[Failed] {name}",
        (
            "The agent {name} could not finish its work.",
            "If it keeps failing, you will hear of it once a day, at 9:00 AM.",
        ),
    ),
    MailKind.DIGEST: Saying(
        "[Still failing] {name}: {count} more",
        ("Since the last mail, the agent {name} has failed {count} more time(s). This is the latest failure.",),
    ),
    MailKind.RECOVERED: Saying(
        "[Recovered] {name}", ("The agent {name} has succeeded again, after {count} failure(s).",)
    ),
    MailKind.RESULT: Saying("[Result] {name}", ("This is the result of the agent {name}.",)),
    MailKind.MISSED: Saying(
        "[Missed] {name}: {count}", ("The agent {name} could not be run {count} time(s) when it was due.",)
    ),
    MailKind.PAUSED: Saying("[Stopped] {name}", ("The agent {name} no longer runs by itself.", "{why}")),
    MailKind.RESUMED: Saying(
        "[Resumed] {name}", ("The agent {name} runs by itself again: what had stopped it is gone.",)
    ),
    MailKind.BETA_RECEIVED: Saying(
        "Your application for the beta has arrived",
        (
            "Thank you for applying for the beta of Oh My Agent.",
            "You will get a mail when it has been looked at; the page shows its state, too.",
        ),
    ),
    MailKind.BETA_NOTICE: Saying(
        "Somebody has applied for the beta",
        (
            "There is a new application for the beta. The link below lets you approve or reject it.",
            "It works once, within 7 days.",
        ),
    ),
    MailKind.BETA_APPROVED: Saying(
        "Welcome to the beta",
        (
            "Your application for the beta has been approved.",
            "You can have more agents now, and run them more often and for longer.",
        ),
    ),
    MailKind.BETA_REJECTED: Saying(
        "Your application for the beta",
        ("We cannot take you into the beta this time.", "Your account stays as it is."),
    ),
    MailKind.TICK_SILENT: Saying(
        "[Needs care] The clock of the schedules has stopped",
        ("The clock of the schedules has not moved for over two minutes, so no scheduled run starts.",),
    ),
    MailKind.TICK_BACK: Saying(
        "[Recovered] The clock of the schedules goes again",
        ("The clock of the schedules goes again. What was missed meanwhile is in each agent's calendar.",),
    ),
}
FACTS = {
    "started": ("시작", "Started"),
    "due": ("예정", "Due"),
    "until": ("마지막 예정", "Last due"),
    "why": ("이유", "Why"),
    "kind": ("결과 종류", "Kind of result"),
    "cost": ("비용", "Cost"),
    "next": ("다음 실행", "Next run"),
}
KINDS = {
    "done": ("완료", "done"),
    "partial": ("일부만 완료", "partly done"),
    "nothing_new": ("새로운 내용 없음", "nothing new"),
    "blocked": ("막혀서 멈춤", "blocked"),
}
BETA_FACTS = {
    "name": ("이름", "Name"),
    "email": ("메일 주소", "Mail address"),
    "at": ("신청한 시각", "Applied"),
}
TICK_FACTS = {
    "since": ("멈춘 때", "Silent since"),
    "until": ("다시 움직인 때", "Until"),
}
UNKNOWN = ("알 수 없음", "unknown")
CUT = ("(길어서 잘랐습니다. 전체는 페이지에 있습니다.)", "(Cut, because it is long. The page has all of it.)")
OPEN = ("페이지에서 보기", "Open the page")
DECIDE = ("승인 또는 거절하기", "Approve or reject")
FOOTER = (
    "이 메일은 Oh My Agent가 자동으로 보냈습니다. 알림은 에이전트의 설정에서 바꿀 수 있습니다.",
    "Sent automatically by Oh My Agent. You can change notifications in the agent's settings.",
)

STOP = ("알림 메일 그만 받기", "Stop these mails")
BETA_FOOTER = (
    "이 메일은 베타 신청 때문에 Oh My Agent가 자동으로 보냈습니다.",
    "Sent automatically by Oh My Agent because of an application for the beta.",
)
ADMIN_FOOTER = (
    "이 메일은 플랫폼을 돌보는 분께 Oh My Agent가 자동으로 보냈습니다(ADMIN_EMAILS).",
    "Sent automatically by Oh My Agent to who looks after the platform (ADMIN_EMAILS).",
)
TICK = (MailKind.TICK_SILENT, MailKind.TICK_BACK)
BETA = (MailKind.BETA_RECEIVED, MailKind.BETA_NOTICE, MailKind.BETA_APPROVED, MailKind.BETA_REJECTED)


def saying(kind: MailKind, language: Locale) -> Saying:
    return (KOREAN if language == "ko" else ENGLISH)[kind]


def said(pair: tuple[str, str], language: Locale) -> str:
    return pair[0] if language == "ko" else pair[1]
