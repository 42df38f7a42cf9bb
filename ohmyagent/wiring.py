"""Where everything meets: the only place that knows which adapters there are and which target it is.

Adapters are imported where they are put together: a function in the cloud does not load what one machine needs.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ohmyagent import __version__, logs
from ohmyagent.adapters.excerpts import ProcessReader
from ohmyagent.adapters.https import HttpsCourier
from ohmyagent.adapters.identities import GoogleIdentities
from ohmyagent.domain.costs import CLAUDE, DEMO, Model, ModelMode, ModelTable
from ohmyagent.domain.errors import Conflict
from ohmyagent.domain.plans import Plans
from ohmyagent.domain.runner import Pace, SandboxState
from ohmyagent.gateway.upstreams import ANTHROPIC_URL, Upstream
from ohmyagent.http.addresses import Approach
from ohmyagent.ports import Callers, Courier, Files, Identities, Jobs, Mail, Metronome, Queue, Reader, Store, Vault
from ohmyagent.records.indexes import INDEXES
from ohmyagent.settings import BadSettings, Settings
from ohmyagent.use_cases import planning
from ohmyagent.use_cases.ticking import Clock
from ohmyagent.use_cases.vouching import Office

if TYPE_CHECKING:
    from ohmyagent.adapters.local.changes import SqliteChanges
    from ohmyagent.adapters.local.data_folder import DataFolder
    from ohmyagent.adapters.local.files import FolderFiles
    from ohmyagent.adapters.local.host import Host
    from ohmyagent.adapters.local.queue import SqliteQueue
    from ohmyagent.adapters.local.store import SqliteStore
    from ohmyagent.use_cases.emigrating import Moved

ROOT = Path(__file__).resolve().parent.parent
RUNNER = ROOT / "jobs" / "agent-runner" / "main.py"
CLOUD_RATE = 28
"""Micro-dollars for a second of a run: 1 vCPU and 1 GiB of Cloud Run in Seoul ($0.000020 in tier 1, 40 % more there).

An estimate: free quotas, services, Firestore and traffic are not in it.
"""
LOOK_AHEAD = timedelta(seconds=5)
"""A thousand agents that are due together are queued before their instant, and start at it (bench/schedules.py)."""

MINUTE = timedelta(seconds=60)
"""How far the tick of the cloud, which comes every minute, looks ahead."""
LAUNCH_BATCH = 100
"""Runs of one instant that start in one transaction."""
LAUNCHES_TOGETHER = 100
"""Launches of one instant that share a call of Cloud Run, which takes about 180 a minute and 10,000 tasks in each."""
FAR = Pace(
    lease=timedelta(seconds=30),
    launch=timedelta(minutes=5),
    heartbeat_seconds=5.0,
    flush_seconds=2.0,
    orphan_seconds=120.0,
    cancel_grace=timedelta(seconds=15),
)
"""Runners start within minutes there, and every report is paid for."""


@dataclass(frozen=True, kw_only=True)
class App:
    """The program, put together for one target."""

    settings: Settings
    approach: Approach
    store: Store
    queue: Queue
    jobs: Jobs
    files: Files
    vault: Vault
    courier: Courier
    identities: Identities
    mail: Mail
    reader: Reader
    models: ModelTable
    upstreams: Mapping[str, Upstream]
    pace: Pace
    clock: Clock
    office: Office
    gateway_url: str
    now: Callable[[], datetime]
    cloud_rate: int | None = None
    egress_url: str | None = None
    """Where runners reach the web through, where they have no route to it."""
    sandbox: SandboxState | None = None
    metronome: Metronome | None = None
    """What sets off the tick from outside; on one machine a thread does."""
    version: str = __version__

    @property
    def public_url(self) -> str:
        return self.settings.public_url

    @property
    def plans(self) -> Plans:
        return self.settings.plans


@dataclass(frozen=True, kw_only=True)
class Local(App):
    """One machine.  Its queue is worked off here, and its files are served by itself."""

    store: "SqliteStore"
    changes: "SqliteChanges"
    queue: "SqliteQueue"
    files: "FolderFiles"
    host: "Host"


@dataclass(frozen=True, kw_only=True)
class Cloud(App):
    """Google Cloud.  `callers` are those of the internal routes, `metronome` sets off the tick."""

    callers: Callers
    metronome: Metronome

    def address(self, service: str) -> str:
        """Where a service of the platform is, which is also the audience of tokens for it."""
        assert self.settings.google is not None
        return self.settings.google.url(service)


@cache
def app() -> App:
    """The program as the environment describes it, made once per process."""
    settings = Settings.from_env()
    here = settings.google
    reporter = logs.Reporter(here.project, here.service, __version__) if here else None
    logs.configure(settings.target, reporter=reporter)
    return gcp(settings) if settings.target == "gcp" else local(settings)


def local(settings: Settings) -> Local:
    """A SQLite file, a folder, processes.  `settings` names the ports that are really bound."""
    from ohmyagent.adapters.local.changes import SqliteChanges
    from ohmyagent.adapters.local.files import FolderFiles
    from ohmyagent.adapters.local.host import Floor, Host
    from ohmyagent.adapters.local.jobs import ProcessJobs, RunnerCommand
    from ohmyagent.adapters.local.queue import SqliteQueue
    from ohmyagent.adapters.local.store import SqliteStore
    from ohmyagent.adapters.local.vault import KeyFileVault
    from ohmyagent.runner.installation import default_home
    from ohmyagent.use_cases.reacting import FED

    data = _data(settings)
    data.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    vault = KeyFileVault(data.key)
    url = f"http://127.0.0.1:{settings.port}"
    home = settings.sandbox_home or Path(default_home())
    host = Host(data.root, Floor())
    models, upstreams = model_table(settings, demo_url=f"{url}/demo-model")
    store = SqliteStore(data.database, feed=FED, indexes=INDEXES)
    planning.publish(store, settings.plans)
    return Local(
        settings=settings,
        approach=Approach(settings.proxies, settings.proxy_networks, homely=True),
        store=store,
        changes=SqliteChanges(store),
        queue=SqliteQueue(data.database),
        jobs=ProcessJobs(RunnerCommand(RUNNER, url, home), data.root / "slots", settings.slots, host),
        files=FolderFiles(data.files, vault.derived("file links")),
        host=host,
        vault=vault,
        courier=HttpsCourier(),
        identities=GoogleIdentities(settings.google_client_id, settings.google_certs_url),
        mail=mail(settings),
        reader=ProcessReader(),
        models=models,
        upstreams=upstreams,
        pace=Pace(),
        clock=Clock(ahead=LOOK_AHEAD),
        office=Office(settings.public_url, settings.admin_emails, vault.derived("links in mails")),
        gateway_url=f"http://127.0.0.1:{settings.gateway_port or settings.port}/gateway",
        now=lambda: datetime.now(UTC),
    )


def gcp(settings: Settings) -> Cloud:
    """Firestore, Cloud Tasks, Cloud Run, Cloud Storage, KMS.  Connects to nothing: each does at its first use."""
    from ohmyagent.adapters.gcp.callers import GoogleCallers
    from ohmyagent.adapters.gcp.files import BucketFiles
    from ohmyagent.adapters.gcp.fronts import FRONTS
    from ohmyagent.adapters.gcp.jobs import CloudRunJobs
    from ohmyagent.adapters.gcp.metronome import SchedulerMetronome
    from ohmyagent.adapters.gcp.queue import CloudTasksQueue
    from ohmyagent.adapters.gcp.store import FirestoreStore
    from ohmyagent.adapters.gcp.vault import KmsVault

    here = settings.google
    if here is None:
        raise BadSettings(["OMA_TARGET is not gcp"])
    emulators = here.emulators
    place = (here.project, here.region)
    return Cloud(
        settings=settings,
        approach=Approach(settings.proxies, settings.proxy_networks or FRONTS),
        store=FirestoreStore(here.project),
        queue=CloudTasksQueue(
            *place,
            here.invoker,
            lambda kind: here.url(_doer(kind)),
            emulators.get("tasks"),
            logs.traceparent,
        ),
        jobs=CloudRunJobs(*place, here.job, emulators.get("run"), trace=logs.traceparent),
        files=BucketFiles(here.bucket, emulators.get("storage")),
        vault=KmsVault(here.kms_key, emulators.get("kms")),
        courier=HttpsCourier(),
        identities=GoogleIdentities(settings.google_client_id, settings.google_certs_url),
        mail=mail(settings),
        reader=ProcessReader(),
        models=ModelTable(claude(settings), default="haiku"),
        upstreams={"anthropic": anthropic(settings)},
        pace=FAR,
        clock=Clock(ahead=MINUTE, batch=LAUNCH_BATCH, together=LAUNCHES_TOGETHER),
        office=Office(settings.public_url, settings.admin_emails, _link_key(settings)),
        gateway_url=f"{here.url('gateway')}/gateway",
        cloud_rate=CLOUD_RATE,
        egress_url=f"{here.url('egress')}/egress",
        now=lambda: datetime.now(UTC),
        callers=GoogleCallers(here.invoker, emulators.get("certs")),
        metronome=SchedulerMetronome(*place, here.tick, emulators.get("scheduler")),
    )


def _doer(kind: str) -> str:
    """The function that does this kind of deferred work."""
    from ohmyagent.use_cases import working

    return working.KINDS[kind].service


def parts_of_the_cloud(settings: Settings) -> dict[str, Callable[[], object]]:
    """What `oma doctor` uses of Google Cloud, by name; each raises Problem.  Nothing on one machine."""
    if settings.target != "gcp":
        return {}
    here = gcp(settings)
    return {
        "store": lambda: here.store.find("health/check"),
        "files": lambda: here.files.exists("health/check"),
        "vault": lambda: here.vault.unseal(here.vault.seal("check", "doctor"), "doctor"),
        "tick": lambda: _beating(here.metronome),
    }


def _beating(metronome: Metronome) -> None:
    """Raises Conflict when nothing sets off the tick, or it fails."""
    beat = metronome.beat()
    if not beat.runs:
        raise Conflict("The tick is paused: nothing starts by itself.", korean="시계가 멈춰 있어 예약 실행이 없습니다.")
    if beat.failing:
        raise Conflict("The last tick failed.", korean="마지막 시계 호출이 실패했습니다.")


def _link_key(settings: Settings) -> bytes:
    """What signs links in mails.  Who is not given the key makes and believes none: then it is one nobody knows."""
    return settings.link_key.encode() if settings.link_key else os.urandom(32)


def mail(settings: Settings) -> Mail:
    """The mail server of the settings; without one every letter is kept."""
    if settings.smtp_url is None or settings.mail_from is None:
        from ohmyagent.adapters.local.outbox import KeepingMail

        return KeepingMail()
    from ohmyagent.adapters.smtp import Server, SmtpMail

    return SmtpMail(Server.of(settings.smtp_url), settings.mail_from)


def model_table(settings: Settings, demo_url: str) -> tuple[ModelTable, dict[str, Upstream]]:
    """With a key or a base URL: Claude there, and the demo model by its own id.  With neither: the demo model only."""
    upstreams = {"demo": Upstream(name="demo", base_url=demo_url)}
    if not (settings.anthropic_api_key or settings.anthropic_base_url):
        return ModelTable((DEMO,), default="demo"), upstreams
    upstreams["anthropic"] = anthropic(settings)
    return ModelTable((*claude(settings), DEMO.replace(aliases=())), default="haiku"), upstreams


def claude(settings: Settings) -> tuple[Model, ...]:
    """Claude's models.  Every part knows them; the key is the gateway's."""
    mode = ModelMode.COMPATIBLE if settings.anthropic_base_url else ModelMode.API
    return tuple(model.replace(mode=mode) for model in CLAUDE)


def anthropic(settings: Settings) -> Upstream:
    """Anthropic's API or a compatible endpoint."""
    base_url = settings.anthropic_base_url or ANTHROPIC_URL
    return Upstream(name="anthropic", base_url=base_url, key=settings.anthropic_api_key)


def _data(settings: Settings) -> "DataFolder":
    from ohmyagent.adapters.local.data_folder import DataFolder

    return DataFolder(settings.data)


def backup(settings: Settings) -> Path:
    """A backup of the local platform, running or not, in its data folder; only the newest seven are kept."""
    from ohmyagent.adapters.local import backup as backups

    data = _data(settings)
    return backups.backup(data, data.backups, datetime.now(UTC))


def backup_if_due(settings: Settings) -> Path | None:
    """The daily backup, unless the newest is younger than a day."""
    from ohmyagent.adapters.local import backup as backups

    data = _data(settings)
    return backup(settings) if backups.is_due(data.backups, datetime.now(UTC)) else None


def hold(settings: Settings) -> AbstractContextManager[None]:
    """The data folder, for this process alone while it lasts; raises Conflict when another has it."""
    return _data(settings).lock()


def restore(settings: Settings, source: Path) -> None:
    """Bring a backup back; raises Conflict while the platform runs."""
    from ohmyagent.adapters.local import backup as backups

    data = _data(settings)
    backups.restore(source, data)


def migrate(settings: Settings) -> "Moved":
    """The data folder onto Google Cloud; raises Conflict while the platform runs, or when somebody is there already.

    One that broke off may be repeated with the same folder.
    """
    from ohmyagent.use_cases import emigrating

    with hold(settings):
        here, there = local(settings), gcp(settings)
        paths = here.store.paths()
        ours = any(there.store.find(path) for path in paths if path.startswith("users/"))
        if not ours and not emigrating.empty(there.store):
            raise Conflict("There is another platform's data already.", korean="이미 다른 플랫폼의 데이터가 있습니다.")
        return emigrating.emigrate(here, there, paths, here.files.keys())


def sandbox(settings: Settings) -> SandboxState:
    """What a try of the sandbox says; for the main thread, because a sandbox ends with the thread that made it."""
    from ohmyagent.runner.probe import probe

    found = probe(str(settings.sandbox_home) if settings.sandbox_home else None)
    return SandboxState(works=found.works, strategy=found.strategy, limits=found.mechanisms, reason=found.reason)
