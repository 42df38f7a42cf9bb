"""Everything the command says, in English and Korean.  `NAME(field=…)` is the sentence in the terminal's language."""

from dataclasses import dataclass

from ohmyagent.settings import Caller

LANGUAGE = Caller.from_env().language


@dataclass(frozen=True)
class Words:
    """One thing said in both languages; `{field}` stands for a value."""

    en: str
    ko: str

    def __call__(self, **values: object) -> str:
        return (self.ko if LANGUAGE == "ko" else self.en).format(**values)


BROKEN_OFF = Words("Aborted!", "멈췄습니다.")

# What the commands are
ABOUT = Words(
    "Agents that work on their own: describe a job in a file, run it in a sandbox, watch it, read the result.",
    "스스로 일하는 에이전트: 할 일을 파일에 적고, 샌드박스에서 실행하고, 지켜보고, 결과를 읽습니다.",
)
ABOUT_UP = Words(
    "Start the platform on this machine and keep serving.", "이 컴퓨터에서 플랫폼을 시작하고 계속 제공합니다."
)
ABOUT_DOCTOR = Words(
    "Check what the platform needs, with a fix for each fault.",
    "플랫폼에 필요한 것을 점검하고 고치는 방법을 알려 줍니다.",
)
ABOUT_MIGRATE = Words(
    "Move this machine's platform to Google Cloud and compare.",
    "이 컴퓨터의 플랫폼을 Google Cloud로 옮기고 비교합니다.",
)
ABOUT_RUN = Words(
    "Run an agent file once and show it live. Exits 1 unless the run succeeds.",
    "에이전트 파일을 한 번 실행하고 실시간으로 보여 줍니다. 성공하지 않으면 1로 끝납니다.",
)
ABOUT_LS = Words("List agents or runs, newest first.", "에이전트나 실행을 최신순으로 나열합니다.")
ABOUT_SHOW = Words("Show an agent or a run.", "에이전트나 실행 하나를 보여 줍니다.")
ABOUT_LOGS = Words("Print a run's log.", "실행의 로그를 출력합니다.")
ABOUT_CANCEL = Words("Stop a run.", "실행을 중지합니다.")
ABOUT_RETRY = Words("Run again with the same input.", "같은 입력으로 다시 실행합니다.")
ABOUT_APPLY = Words(
    "Create or update agents from files. An agent is found by its slug; nothing is deleted.",
    "파일대로 에이전트를 만들거나 고칩니다. 슬러그로 찾으며, 지우지는 않습니다.",
)
ABOUT_EXPORT = Words("Write agents as agent files.", "에이전트를 에이전트 파일로 내보냅니다.")
ABOUT_BACKUP = Words(
    "Back up this machine's platform, running or not.", "이 컴퓨터의 플랫폼을 백업합니다. 실행 중이어도 됩니다."
)
ABOUT_RESTORE = Words(
    "Bring a backup back. The platform must be stopped.", "백업을 되돌립니다. 플랫폼이 멈춰 있어야 합니다."
)
ABOUT_OPEN = Words(
    "Print a link that signs a browser in, once.", "브라우저에서 한 번 로그인할 수 있는 새 링크를 출력합니다."
)
ABOUT_DEPLOY = Words(
    "Put the platform on Google Cloud. A project with a billing account is enough; it may be repeated.",
    "Google Cloud에 플랫폼을 올립니다. 결제가 연결된 프로젝트만 있으면 되고, 여러 번 실행해도 됩니다.",
)

# What their options mean
JSON = Words("JSON on stdout, for programs.", "프로그램을 위한 JSON을 표준 출력으로 냅니다.")
DEMO = Words("Run a sample agent first and show it live.", "먼저 예제 에이전트를 실행해 실시간으로 보여 줍니다.")
PORT = Words("Port to listen on; 0 takes a free one.", "사용할 포트. 0이면 빈 포트를 고릅니다.")
FILE = Words("An agent file.", "에이전트 파일.")
INPUT = Words(
    "Data for this run, or @FILE to read it from a file (@- is stdin).",
    "이번 실행의 입력. @파일이면 파일에서 읽습니다(@-는 표준 입력).",
)
WHAT = Words("What to list.", "나열할 것.")
LIMIT = Words("How many at most.", "최대 개수.")
ID = Words("A slug, an id, or the beginning of an id.", "슬러그, 아이디, 또는 아이디의 앞부분.")
RUN_ID = Words(
    "A run's id or its beginning; an agent's slug means its latest run.",
    "실행의 아이디나 그 앞부분. 에이전트의 슬러그면 가장 최근 실행입니다.",
)
FOLLOW = Words("Go on until the run ends.", "실행이 끝날 때까지 계속 보여 줍니다.")
APPLY_FILE = Words("A folder of agent files, or one file.", "에이전트 파일이 든 폴더 또는 파일 하나.")
DRY_RUN = Words("Only show what would change.", "무엇이 바뀔지만 보여 줍니다.")
ALL = Words("Every agent.", "모든 에이전트.")
FOLDER = Words("The folder to write to; without it, stdout.", "저장할 폴더. 없으면 표준 출력으로 냅니다.")
BACKUP_FILE = Words("Also copy the backup to this new folder.", "백업을 이 새 폴더로도 복사합니다.")
RESTORE_FILE = Words("A backup's folder.", "백업 폴더.")
CLOUD = Words("Google Cloud is the only one.", "지금은 Google Cloud(gcp)뿐입니다.")
PROJECT = Words("The project's id on Google Cloud.", "Google Cloud 프로젝트 아이디.")
REGION = Words(
    "Where everything is. The database can never be moved from there.",
    "모든 것이 놓일 리전. 데이터베이스는 나중에 옮길 수 없습니다.",
)
ENVIRONMENT = Words("Whose values of infra/terraform/environments.", "infra/terraform/environments 중 어느 환경의 값.")
GITHUB = Words("owner/name of the repository that may deploy.", "배포를 허용할 저장소 (owner/name).")
BILLING = Words("The billing account, for a budget that warns.", "예산 알림을 위한 결제 계정.")
ALERTS = Words("Who is told when something is wrong.", "문제가 생기면 알림을 받을 메일 주소.")
SITE_DOMAIN = Words("The page's own domain.", "페이지의 도메인.")
STREAM_DOMAIN = Words("The streams' own domain.", "스트림의 도메인.")
SHOW_STEPS = Words("Only print the commands.", "명령만 출력합니다.")
SURE = Words("Do not ask.", "묻지 않고 진행합니다.")
VERSION = Words("Print the version.", "버전을 출력합니다.")

# Why a command ends early
NOT_RUNNING = Words(
    "The platform is not running on this machine. Start it in another terminal: oma up",
    "이 컴퓨터에서 플랫폼이 실행되고 있지 않습니다. 다른 터미널에서 시작하세요: oma up",
)
UNREACHABLE = Words("The platform at {url} does not answer: {reason}", "{url} 의 플랫폼이 응답하지 않습니다: {reason}")
REFUSED = Words("The platform refused with status {status}.", "플랫폼이 상태 {status}로 거절했습니다.")
KEY_MISSING = Words(
    "OMA_URL is set but OMA_API_KEY is not. Set it too, or unset OMA_URL to use the platform on this machine.",
    "OMA_URL은 있는데 OMA_API_KEY가 없습니다. 키도 설정하거나, 이 컴퓨터의 플랫폼을 쓰려면 OMA_URL을 지우세요.",
)
NO_FILE = Words("{path} cannot be read: {reason}", "{path} 파일을 읽을 수 없습니다: {reason}")
NOT_UTF8 = Words("{path} is not UTF-8 text.", "{path} 파일이 UTF-8 글이 아닙니다.")
NO_WRITE = Words("{path} cannot be written: {reason}", "{path} 에 쓸 수 없습니다: {reason}")
BAD_FILE = Words("{path} is not a valid agent file:", "{path} 은(는) 올바른 에이전트 파일이 아닙니다:")
NO_NAME = Words(
    "{path} has no `name`, which says which agent it is.", "{path} 에 어느 에이전트인지 알려 주는 `name`이 없습니다."
)
SAME_NAME = Words("{path} and {other} are both named {slug}.", "{path} 와 {other} 의 이름이 둘 다 {slug} 입니다.")
NO_FILES = Words("There are no agent files (*.md) in {path}.", "{path} 에 에이전트 파일(*.md)이 없습니다.")
NONE_SUCH = Words("There is no {what} {id}.", "{what} {id} 을(를) 찾을 수 없습니다.")
AMBIGUOUS = Words(
    "{id} may mean {ids}. Give more of it.", "{id} 은(는) {ids} 중 무엇인지 알 수 없습니다. 더 길게 적어 주세요."
)
NO_RUNS = Words("{slug} has not run yet.", "{slug} 은(는) 아직 실행된 적이 없습니다.")
WHICH_AGENT = Words("Name an agent, or give --all.", "에이전트를 적거나 --all을 붙이세요.")
ALL_NEEDS_FOLDER = Words("--all needs a folder: -o DIR", "--all에는 폴더가 필요합니다: -o 폴더")
OTHER_MACHINE = Words(
    "OMA_URL names another platform; this works on the one of this machine only.",
    "OMA_URL이 다른 플랫폼을 가리킵니다. 이 명령은 이 컴퓨터의 플랫폼에서만 됩니다.",
)
PORT_TAKEN = Words(
    "Port {port} is in use by another program. Choose another one: oma up --port {next}",
    "포트 {port} 은(는) 다른 프로그램이 쓰고 있습니다. 다른 포트를 고르세요: oma up --port {next}",
)
ALREADY_RUNNING = Words(
    "The platform is running already, at {url}. Sign in with: oma open",
    "플랫폼이 이미 {url} 에서 실행 중입니다. 로그인하려면: oma open",
)
DRAINING = Words(
    "Waiting for {count} run(s) to finish; Ctrl-C again stops waiting.",
    "실행 {count}개가 끝나기를 기다립니다. Ctrl-C를 한 번 더 누르면 기다리지 않습니다.",
)
DID_NOT_START = Words("The platform did not start.", "플랫폼이 시작되지 않았습니다.")
DEPLOY_MISSING = Words("{program} is not installed: {url}", "{program} 이(가) 설치되어 있지 않습니다: {url}")
DEPLOY_NOWHERE = Words(
    "There is no {path}: this command needs the repository, not only the installed package.",
    "{path} 이(가) 없습니다. 이 명령은 설치된 패키지가 아니라 저장소에서 실행해야 합니다.",
)
DEPLOY_SIGN_IN = Words(
    "Nobody is signed in: gcloud auth login && gcloud auth application-default login",
    "로그인이 필요합니다: gcloud auth login && gcloud auth application-default login",
)
DEPLOY_NO_PROJECT = Words(
    "There is no project {project}, or it is not yours: gcloud projects create {project}",
    "프로젝트 {project} 이(가) 없거나 권한이 없습니다: gcloud projects create {project}",
)
DEPLOY_NO_BILLING = Words(
    "{project} has no billing account: gcloud billing projects link {project} --billing-account=ACCOUNT",
    "{project} 에 결제 계정이 없습니다: gcloud billing projects link {project} --billing-account=계정",
)
DEPLOY_NOT = Words("Nothing was done.", "아무것도 하지 않았습니다.")
DEPLOY_FAILED = Words(
    "This failed with code {code}; mend it and start again, what is done is not done twice:\n  {command}",
    "코드 {code}로 실패했습니다. 고친 뒤 다시 실행하면 끝난 단계는 건너뜁니다:\n  {command}",
)

# What they report
DEPLOY_SURE = Words(
    "Deploy to {project} in {region}? The place of its database can never be changed, and it costs money.",
    "{project} ({region})에 배포할까요? 데이터베이스의 위치는 바꿀 수 없고, 비용이 듭니다.",
)
DEPLOY_SERVICES = Words("Turn on what the rest needs", "필요한 Google 서비스를 켭니다")
DEPLOY_STATE = Words("A bucket for Terraform's state", "Terraform 상태를 둘 버킷을 만듭니다")
DEPLOY_VERSIONS = Words("Old states are kept", "지난 상태를 보관합니다")
DEPLOY_INIT = Words("Terraform, with that bucket", "그 버킷으로 Terraform을 준비합니다")
DEPLOY_GROUND = Words("Registry, database, accounts and federation", "저장소, 데이터베이스, 계정, 연동을 만듭니다")
DEPLOY_LINK_KEY = Words("A random key for links in mails", "메일 링크에 쓸 임의의 키를 만듭니다")
DEPLOY_BUILD = Words("Build, test, deploy; about an hour", "빌드, 시험, 배포 (약 한 시간)")
DEPLOY_NO_KEY = Words(
    "No model key yet: gcloud secrets versions add ANTHROPIC_API_KEY --data-file=- --project={project}; then again.",
    "아직 모델 키가 없습니다: gcloud secrets versions add ANTHROPIC_API_KEY --data-file=- --project={project} "
    "을(를) 한 뒤 다시 실행하세요.",
)
WHAT_AGENT = Words("agent", "에이전트")
WHAT_EITHER = Words("agent or run", "에이전트나 실행")
STARTING = Words("Starting the platform for this run …", "이번 실행을 위해 플랫폼을 시작합니다 …")
RUNNING_AT = Words("Oh My Agent is running at {url}", "Oh My Agent 실행 중: {url}")
SIGN_IN = Words("Open the page, signed in (works once):", "페이지 열기 (한 번만 쓸 수 있는 로그인 링크):")
HOW_TO_STOP = Words("Ctrl-C stops.", "Ctrl-C를 누르면 멈춥니다.")
DEMO_MODEL = Words("demo model, not Claude", "데모 모델 (Claude 아님)")
DEMO_NOTE = Words(
    "No key is set, so a scripted demo model answers, not Claude. For Claude set ANTHROPIC_API_KEY.",
    "키가 없어 Claude가 아니라 각본대로 답하는 데모 모델이 답합니다. Claude를 쓰려면 ANTHROPIC_API_KEY를 설정하세요.",
)
SAMPLE = Words("Sample agent: {name} ({slug})", "예제 에이전트: {name} ({slug})")
SAMPLE_FAILED = Words("The sample run could not be shown: {reason}", "예제 실행을 보여 주지 못했습니다: {reason}")
WAITING = Words("The platform does not answer; trying again …", "플랫폼이 응답하지 않아 다시 시도합니다 …")
BACK_AGAIN = Words("The platform answers again.", "플랫폼이 다시 응답합니다.")
CANCELLING = Words(
    "Stopping the run … (Ctrl-C again leaves it)", "실행을 중지합니다 … (Ctrl-C를 한 번 더 누르면 그냥 나갑니다)"
)
CANCEL_ASKED = Words("The run is being stopped: {id}", "실행을 중지하는 중입니다: {id}")
CANCELLED_NOW = Words("The run is cancelled: {id}", "실행이 취소되었습니다: {id}")
RETRIED = Words(
    "Started again as {id}. Watch it: oma logs -f {id}", "{id} (으)로 다시 시작했습니다. 보기: oma logs -f {id}"
)
NO_RESULT = Words("The run left no result.", "실행이 결과를 남기지 않았습니다.")
UNKNOWN = Words("unknown", "알 수 없음")
AT_LEAST = Words("at least {cost}", "{cost} 이상")
TOKENS = Words("{count} tokens", "토큰 {count}개")
SECONDS = Words("{seconds} s", "{seconds}초")
MINUTES = Words("{minutes} min {seconds} s", "{minutes}분 {seconds}초")
HOURS = Words("{hours} h {minutes} min", "{hours}시간 {minutes}분")
FILES = Words("Files", "파일")
REFUSED_HOST = Words("refused", "거절됨")
ALLOWED_HOST = Words("allowed", "허용됨")
CREATED = Words("create", "만듦")
UPDATED = Words("update", "고침")
UNCHANGED = Words("unchanged", "그대로")
KEPT_KEYS = Words("{path}: kept without effect: {keys}", "{path}: 효력 없이 보관되는 키: {keys}")
DRY = Words("Nothing was changed (--dry-run).", "아무것도 바꾸지 않았습니다 (--dry-run).")
ARRIVES_PAUSED = Words(
    "New agents arrive paused: press Resume on the page to use them.",
    "새 에이전트는 멈춘 상태로 들어옵니다. 쓰려면 페이지에서 “다시 사용”을 누르세요.",
)
RESTORED = Words("Restored from {path}", "되돌렸습니다: {path}")
NO_AGENTS = Words(
    "There are no agents yet. Try: oma run examples/workspace-report.md",
    "아직 에이전트가 없습니다. 해 보세요: oma run examples/workspace-report.md",
)
NO_RUNS_YET = Words("There are no runs yet.", "아직 실행이 없습니다.")

# Columns and fields
NAME = Words("name", "이름")
ID_HEAD = Words("id", "아이디")
SLUG = Words("slug", "슬러그")
STATE = Words("state", "상태")
SCHEDULE = Words("schedule", "일정")
NEXT_RUN = Words("next run", "다음 실행")
LAST_RUN = Words("last run", "최근 실행")
RUNS = Words("runs", "실행 수")
COST = Words("cost", "비용")
TOKENS_USED = Words("tokens", "토큰")
STARTED = Words("started", "시작")
TOOK = Words("took", "걸린 시간")
MODEL = Words("model", "모델")
TOOLS = Words("tools", "도구")
HOSTS = Words("hosts", "호스트")
LIMITS = Words("limits", "한도")
TRIGGER = Words("trigger", "계기")
ERROR = Words("error", "오류")
DESCRIPTION = Words("description", "설명")
CREATED_AT = Words("created", "만든 때")
NO_SCHEDULE = Words("by hand", "수동")
PER_RUN = Words(
    "{cost} and {turns} turns a run, {time}; {month} a month", "실행당 {cost}, {turns}턴, {time}; 한 달 {month}"
)

KIND = Words("Result", "결과 종류")
KINDS = {
    "done": Words("done", "완료"),
    "partial": Words("partly done", "일부만 완료"),
    "nothing_new": Words("nothing new", "새로운 내용 없음"),
    "blocked": Words("blocked", "막혀서 멈춤"),
}
INFERRED = Words("{kind} (inferred)", "{kind} (추정)")
STANDS_STILL = Words("Runs by hand only", "자동 실행 멈춤")
STANDSTILLS = {
    "failures": Words("five failures in a row", "다섯 번 연속 실패"),
    "budget": Words("this month's cost limit is used up", "이번 달 비용 한도를 다 씀"),
    "user_deleted": Words("its user was deleted", "만든 사람의 계정이 삭제됨"),
}
STATES = {
    "queued": Words("queued", "대기"),
    "launching": Words("starting", "시작 중"),
    "running": Words("running", "실행 중"),
    "succeeded": Words("succeeded", "성공"),
    "failed": Words("failed", "실패"),
    "cancelled": Words("cancelled", "취소됨"),
    "timed_out": Words("timed out", "시간 초과"),
    "skipped": Words("skipped", "건너뜀"),
    "missed": Words("missed", "놓침"),
    "draft": Words("draft", "초안"),
    "active": Words("active", "사용 중"),
    "paused": Words("paused", "일시정지"),
}
TRIGGERS = {
    "manual": Words("by hand", "수동"),
    "schedule": Words("schedule", "일정"),
    "webhook": Words("webhook", "웹훅"),
    "chat": Words("chat", "채팅"),
    "retry": Words("retry", "다시 실행"),
}

# oma doctor
SANDBOX_OK = Words("{strategy}; limits: {limits}", "{strategy}; 한도: {limits}")
CLI_OK = Words("Claude Code CLI {version}", "Claude Code CLI {version}")
CLI_FIX = Words("Run the set-up again: make setup", "설치를 다시 하세요: make setup")
TOOLBOX_FIX = Words(
    "Install Python 3.11 to 3.14 from the system's packages (apt-get install python3), then: make setup",
    "시스템 패키지로 Python 3.11~3.14를 설치한 뒤(apt-get install python3): make setup",
)
CLI_SILENT = Words("{path} does not tell its version", "{path} 이(가) 버전을 알려 주지 않습니다")
MODEL_DEMO = Words(
    "demo model, not Claude (no key is set; ANTHROPIC_API_KEY switches to Claude)",
    "데모 모델, Claude 아님 (키가 없음; ANTHROPIC_API_KEY를 설정하면 Claude)",
)
MODEL_OK = Words("{url} answers", "{url} 응답함")
MODEL_KEY = Words(
    "{url} does not accept the key (status {status})", "{url} 이(가) 키를 받아들이지 않습니다 (상태 {status})"
)
MODEL_KEY_FIX = Words("Check ANTHROPIC_API_KEY.", "ANTHROPIC_API_KEY를 확인하세요.")
MODEL_BROKEN = Words("{url} answers with status {status}", "{url} 이(가) 상태 {status}로 답합니다")
MODEL_SILENT = Words("{url} cannot be reached: {reason}", "{url} 에 연결할 수 없습니다: {reason}")
MODEL_FIX = Words(
    "Check the network and ANTHROPIC_BASE_URL, or unset both variables to use the demo model.",
    "네트워크와 ANTHROPIC_BASE_URL을 확인하거나, 두 변수를 지워 데모 모델을 쓰세요.",
)
MIGRATED = Words(
    "{documents} documents and {files} files arrived as they were sent (checksum {checksum}).",
    "문서 {documents}개와 파일 {files}개가 그대로 옮겨졌습니다(체크섬 {checksum}).",
)
CLOUD_OK = Words("answers", "응답함")
CLOUD_FIX = Words(
    "Look at docs/google-cloud.md; your own account must be signed in (gcloud auth application-default login).",
    "docs/google-cloud.md를 확인하세요. 내 계정으로 로그인되어 있어야 합니다(gcloud auth application-default login).",
)
CLOUD_TARGET = Words("Which platform to check: local or gcp.", "점검할 플랫폼: local 또는 gcp.")
PORT_FREE = Words("{port} is free", "{port}번 비어 있음")
PORT_OURS = Words("{port} is the platform's own", "{port}번을 이 플랫폼이 쓰고 있음")
PORT_BUSY = Words("{port} is in use by another program", "{port}번을 다른 프로그램이 쓰고 있음")
PORT_FIX = Words(
    "Stop that program, or start with: oma up --port {next}",
    "그 프로그램을 멈추거나 이렇게 시작하세요: oma up --port {next}",
)
DISK_OK = Words("{free} GB free for {path}", "{path} 에 {free} GB 남음")
DISK_FIX = Words(
    "Free at least 1 GB there, or set OMA_DATA to a folder with more room.",
    "1 GB 이상 비우거나, 더 넓은 폴더를 OMA_DATA로 지정하세요.",
)
DISK_BROKEN = Words("{path} cannot be written", "{path} 에 쓸 수 없습니다")
DISK_BROKEN_FIX = Words("Set OMA_DATA to a folder of yours.", "쓸 수 있는 폴더를 OMA_DATA로 지정하세요.")
PAGE_OK = Words("built", "준비됨")
PAGE_MISSING = Words("not built", "준비되지 않음")
PLATFORM_OK = Words("running at {url}, version {version}", "{url} 에서 실행 중, 버전 {version}")
PLATFORM_OFF = Words("not running (start it with: oma up)", "실행 중 아님 (시작: oma up)")
PLATFORM_SICK = Words("{url} answers, but fails: {reason}", "{url} 이(가) 응답하지만 이상이 있습니다: {reason}")
PLATFORM_FIX = Words("Stop it and start it again: oma up", "멈추고 다시 시작하세요: oma up")
MAIL_OFF = Words("no mail server is set, so mails stay in the outbox", "메일 서버를 정하지 않아 알림함에만 보관함")
MAIL_UNRESOLVED = Words(
    "no name server answered, so SPF, DKIM and DMARC were not checked",
    "이름 서버가 응답하지 않아 SPF, DKIM, DMARC를 점검하지 못함",
)
RECORDS = Words(
    "{domain}: SPF {spf}, DKIM {dkim}, DMARC {dmarc}", "{domain}의 기록: SPF {spf}, DKIM {dkim}, DMARC {dmarc}"
)
SPF_FIX = Words(
    "Add a TXT record at {domain} that begins with v=spf1 and names your mail server.",
    "{domain} 에 메일 서버를 적은 v=spf1 TXT 기록을 추가하세요.",
)
SPF_TWICE = Words(
    "Keep one of the SPF records at {domain}: several count as none.",
    "{domain} 의 SPF 기록을 하나만 남기세요. 여럿이면 없는 것과 같습니다.",
)
DKIM_FIX = Words(
    "Publish the mail server's key as a TXT record at {name}.",
    "메일 서버의 키를 {name} 의 TXT 기록으로 올리세요.",
)
DKIM_UNKNOWN = Words(
    "Sign mail by DKIM, and name its selector in MAIL_DKIM_SELECTOR so that it can be checked.",
    "메일에 DKIM 서명을 하고, 점검할 수 있게 MAIL_DKIM_SELECTOR에 선택자를 적으세요.",
)
DMARC_FIX = Words(
    'Add a TXT record at _dmarc.{domain}, for a start "v=DMARC1; p=none".',
    '_dmarc.{domain} 에 TXT 기록을 추가하세요. 처음에는 "v=DMARC1; p=none" 이면 됩니다.',
)
SETTINGS_FIX = Words("Correct the environment or .env.", "환경 변수나 .env를 고치세요.")
FIX = Words("Fix: {fix}", "해결: {fix}")
ALL_FINE = Words("Everything is ready.", "모두 준비되었습니다.")
SOME_FAIL = Words("{count} of {all} checks failed.", "{all}개 중 {count}개 점검이 실패했습니다.")

CHECKS = {
    "python": Words("Python", "Python"),
    "mail": Words("mail", "메일"),
    "settings": Words("settings", "설정"),
    "sandbox": Words("sandbox", "샌드박스"),
    "cli": Words("agent CLI", "에이전트 CLI"),
    "toolbox": Words("agents' tools", "에이전트의 도구"),
    "model": Words("model", "모델"),
    "port": Words("port", "포트"),
    "disk": Words("disk", "디스크"),
    "page": Words("page", "페이지"),
    "platform": Words("platform", "플랫폼"),
    "store": Words("documents (Firestore)", "문서(Firestore)"),
    "files": Words("files (Cloud Storage)", "파일(Cloud Storage)"),
    "vault": Words("secrets (Cloud KMS)", "비밀 값(Cloud KMS)"),
    "tick": Words("clock (Cloud Scheduler)", "시계(Cloud Scheduler)"),
}
