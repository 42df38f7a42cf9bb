"""The platform as Google Cloud runs it, on this machine: a process for each function, Google's parts beside.

Firestore is the official emulator with its triggers; Cloud Tasks, Cloud Run Jobs, Scheduler, KMS and Storage are
stand-ins that speak Google's protocols to the real client libraries and start the real runner.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ohmyagent.runner.installation import default_home
from tests.contract.emulator import Emulator
from tests.googleapi.counting import Counting
from tests.googleapi.identity import INVOKER, Issuer, by_cloud_run
from tests.googleapi.kms import KmsStandIn
from tests.googleapi.run import RunStandIn
from tests.googleapi.scheduler import SchedulerStandIn
from tests.googleapi.storage import StorageStandIn
from tests.googleapi.tasks import TasksStandIn
from tests.googleapi.wire import Wire
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "jobs" / "agent-runner" / "main.py"
FUNCTIONS = (
    "auth",
    "agents",
    "executions",
    "conversations",
    "hooks",
    "account",
    "runner",
    "tick",
    "launch",
    "deliver",
    "changes",
)
SERVICES = ("gateway", "chat", "egress")
EVENTS = ("changes",)
PROJECT = "demo-project"
REGION = "asia-northeast3"
KMS_KEY = f"projects/{PROJECT}/locations/{REGION}/keyRings/oma/cryptoKeys/secrets"
START_SECONDS = 90
Json = dict[str, Any]
ENDED = ("succeeded", "failed", "cancelled", "timed_out", "skipped", "missed")


class Cloud:
    """`parts` are the processes that are started; more environment goes to all of them."""

    parts: tuple[str, ...] = (*FUNCTIONS, *SERVICES)

    def __init__(self, folder: Path, emulator: Emulator, project: str, environment: dict[str, str]) -> None:
        from tests.gcp.street import Street

        self.folder, self.emulator, self.project = folder, emulator, project
        self._more = environment
        self.given = folder / "given"
        """What processes find as files."""
        self.given.mkdir(mode=0o755, exist_ok=True)
        self.street = Street()
        self.wire = Wire()
        self.issuer = Issuer()
        self.tasks = TasksStandIn(self.wire, self.issuer)
        self.run = RunStandIn(self.wire, self._start_runner)
        self.scheduler = SchedulerStandIn(self.wire, f"projects/{project}/locations/{REGION}/jobs/tick")
        self.kms = KmsStandIn(self.wire, KMS_KEY)
        self.storage = StorageStandIn("demo-bucket", self.issuer.public_key)
        self.web = Page()
        self.relay = Relay(self, emulator.functions_port)
        self.counters: dict[str, Counting] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._slots = 0
        self.token = ""

    # processes

    @property
    def pattern(self) -> str:
        """The address of a service as the platform says it."""
        return self.street.pattern

    def open(self) -> None:
        """What is not the platform's own."""
        for part in (self.street, self.issuer, self.storage, self.web, self.relay, self.wire, self.tasks):
            part.start()

    def start(self) -> None:
        self.open()
        for collection in ("outbox", "betaApplications"):
            self.emulator.trigger(self.project, f"{self.project}-{collection}", f"{collection}/{{id}}")
        for name in self.parts:
            self.counters[name] = Counting(self.emulator.address)
            self.street.ports[name] = free_port()
            self.boot(name)
        for name in self.parts:
            self.wait_for(name)
        assert self.knock() == 204, self.log("tick")  # the first minute makes the plans known

    def boot(self, name: str) -> None:
        """Start the process of a function or a service, again at the same port."""
        port = str(self.street.ports[name])
        if name == "egress":
            ws = ["--ws", "websockets-sansio"]
            command = ["uvicorn", "--factory", *ws, "--host", "127.0.0.1", "--port", port, "tests.gcp.egress:app"]
        elif name in SERVICES:
            command = ["sh", str(ROOT / "services" / "start.sh"), name]
        else:
            command = ["sh", str(ROOT / "functions" / "start.sh")]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(name) | {"PORT": port}, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def wait_for(self, name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                connection = http.client.HTTPConnection(self.street.host, self.street.ports[name], timeout=30)
                connection.request("GET", "/health")
                if connection.getresponse().status in ((200, 503, 400, 405, 500) if name in EVENTS else (200,)):
                    return
            except OSError:
                pass
            finally:
                connection.close()
            assert time.monotonic() < deadline, f"{name} did not start: {self.log(name)}"
            time.sleep(0.1)

    def kill(self, name: str) -> None:
        """`kill -9` for the whole process group: framework, worker and all."""
        process = self.processes[name]
        os.killpg(process.pid, 9)
        process.wait(60)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """Also after a start that failed half-way."""
        self.tasks.stop()
        self.run.stop()
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait(60)
        for counter in self.counters.values():
            counter.stop()
        for part in (self.relay, self.wire, self.web, self.storage, self.issuer, self.street):
            part.stop()

    def _environment(self, name: str) -> dict[str, str]:
        standins = dict.fromkeys(("tasks", "run", "scheduler", "kms"), self.wire.address)
        standins |= {"storage": self.storage.url, "certs": self.issuer.certs_url}
        plans = self.given / "plans.json"
        plans.write_text(
            '{"guest": {"agents": 1000, "runsPerDay": 1000, "monthlyMicroUsd": null}}'
        )  # plans have tests of their own
        account = self.issuer.account_file(self.given / "account.json")
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "HOST": "127.0.0.1",
            "THREADS": "8",
            "FUNCTION_TARGET": name,
            "FUNCTION_SIGNATURE_TYPE": "cloudevent" if name in EVENTS else "http",
            "GOOGLE_APPLICATION_CREDENTIALS": str(account),
            "FIRESTORE_EMULATOR_HOST": self.counters[name].address,
            "OMA_EMULATORS": ",".join(f"{name}={address}" for name, address in standins.items()),
            "OMA_TARGET": "gcp",
            "OMA_LINK_KEY": "a key for links, of this test",
            "GOOGLE_CLOUD_PROJECT": self.project,
            "OMA_PUBLIC_URL": "https://agents.example.com",
            "OMA_SERVICES": self.pattern,
            "OMA_BUCKET": "demo-bucket",
            "OMA_KMS_KEY": KMS_KEY,
            "OMA_INVOKER": INVOKER,
            "OMA_PLANS": str(plans),
            "WEB_PORT": str(self.web.port),
            **self._more,
        }

    def _start_runner(self, env: dict[str, str]) -> "subprocess.Popen[bytes]":
        """What the job's container would do, with the environment of the job's definition and the overrides."""
        self._slots += 1
        home = os.environ.get("OMA_SANDBOX_HOME") or default_home()
        given = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "OMA_SANDBOX_HOME": home,
            "OMA_RUNNER_SLOT": str(self._slots % 60), "OMA_RUNNER_URL": f"http://127.0.0.1:{self.street.ports['runner']}",
        }  # fmt: skip
        with (self.folder / f"runner-{self._slots}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(RUNNER)], env=given | env, cwd="/", stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    # what people and Google do

    def knock(self) -> int:
        """The minute."""
        near, known = (pattern.replace("{name}", "tick") for pattern in (self.street.pattern, self.pattern))
        return self.scheduler.knock(self.issuer, f"{near}/internal/tick", known)

    def ask(self, service: str, method: str, path: str, body: Json | None = None, **headers: str) -> Json:
        """One API call of the guest.  Raises HTTPError."""
        sent = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.street.port}/{service}{path}"
        try:
            with urlopen(Request(url, data, sent, method=method), timeout=60) as answer:
                text = answer.read()
        except HTTPError as error:
            error.add_note(error.read().decode(errors="replace"))
            raise
        return dict(json.loads(text)) if text else {}

    def guest(self) -> None:
        self.token = str(self.ask("auth", "POST", "/api/auth/guest")["token"])

    def agent(self, **fields: Any) -> Json:
        return self.ask("agents", "POST", "/api/agents", {"name": "에이전트", "finalPrompt": "일해 줘"} | fields)

    def request(self, agent: Json, **body: Any) -> Json:
        return self.ask("agents", "POST", f"/api/agents/{agent['id']}/executions", body)

    def execution(self, id: str) -> Json:
        return self.ask("executions", "GET", f"/api/executions/{id}")

    def until(self, id: str, *statuses: str, seconds: float = 120) -> Json:
        deadline = time.monotonic() + seconds
        while True:
            found: Json | None = None
            try:
                found = self.execution(id)
            except HTTPError as error:
                if error.code not in (502, 503, 504):
                    raise
            if found is not None and found["status"] in (statuses or ENDED):
                return found
            if time.monotonic() > deadline:
                logs = "\n".join(f"--- {name}\n{self.log(name)}" for name in ("launch", "runner", "gateway"))
                raise AssertionError(f"{id} is {found and found['status']}\n{logs}")
            time.sleep(0.2)

    @contextmanager
    def counted(self) -> Iterator[dict[str, Counter[str]]]:
        """What Firestore was asked for meanwhile, by service; filled at the end."""
        before = {name: counter.billed.copy() for name, counter in self.counters.items()}
        found: dict[str, Counter[str]] = {}
        yield found
        found |= {name: counter.billed - before[name] for name, counter in self.counters.items()}


def until(condition: Callable[[], object], seconds: float = 60, pause: float = 0.1) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)


class Page:
    """A host of the web, on this machine's loopback: one sentence for whoever asks."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"the page of {self.headers['Host']}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Relay:
    """Between the emulator's triggers and the function: repeats, reorders, redelivers; the emulator does not."""

    def __init__(self, cloud: Cloud, port: int) -> None:
        self.twice = False
        self.statuses: list[int] = []
        self._cloud = cloud
        self._held: list[tuple[bytes, dict[str, str]]] = []
        self.hold = False
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                relay._came(body, {name: value for name, value in self.headers.items() if name.lower() != "host"})

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def held(self) -> int:
        return len(self._held)

    def release(self) -> None:
        """Deliver what was held, the last first."""
        self.hold = False
        while self._held:
            self._deliver(*self._held.pop())

    def _came(self, body: bytes, headers: dict[str, str]) -> None:
        if self.hold:
            self._held.append((body, headers))
            return
        for _ in range(2 if self.twice else 1):
            self._deliver(body, headers)

    def _deliver(self, body: bytes, headers: dict[str, str]) -> None:
        """Until it is answered 2xx, as Eventarc does, for a minute at most."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = self._once(body, headers)
            self.statuses.append(status)
            if 200 <= status < 300:
                return
            time.sleep(0.3)

    def _once(self, body: bytes, headers: dict[str, str]) -> int:
        street = self._cloud.street
        connection = http.client.HTTPConnection(street.host, street.ports["changes"], timeout=60)
        try:
            token = by_cloud_run(self._cloud.issuer.token("https://changes.example.com?chosen-by=eventarc"))
            connection.request("POST", "/", body, headers | {"Authorization": f"Bearer {token}"})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


@contextmanager
def running(folder: Path, emulator: Emulator, project: str, **environment: str) -> Iterator[Cloud]:
    cloud = Cloud(folder, emulator, project, environment)
    with ExitStack() as stack:
        stack.callback(cloud.stop)
        cloud.start()
        yield cloud
