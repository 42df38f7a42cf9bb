"""The adapters of Google Cloud with the real client libraries, against stand-ins that speak Google's protocols."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import grpc
import pytest
from google.cloud import scheduler_v1

from ohmyagent import wiring
from ohmyagent.adapters.gcp.callers import GoogleCallers
from ohmyagent.adapters.gcp.files import BucketFiles, signed_by_iam
from ohmyagent.adapters.gcp.jobs import CloudRunJobs
from ohmyagent.adapters.gcp.metronome import SchedulerMetronome
from ohmyagent.adapters.gcp.queue import CloudTasksQueue
from ohmyagent.adapters.gcp.vault import KmsVault
from ohmyagent.cli import checks
from ohmyagent.domain.errors import Forbidden, Invalid, NoRoom, NotFound, Unauthenticated, Unavailable
from ohmyagent.ports import Liveness, Task
from ohmyagent.runner.platform import Platform
from ohmyagent.runner.protocol import Claim
from ohmyagent.settings import Settings
from tests.fake_platform import FakePlatform
from tests.googleapi.identity import INVOKER, Issuer, by_cloud_run
from tests.googleapi.kms import KmsStandIn
from tests.googleapi.run import RunStandIn
from tests.googleapi.scheduler import SchedulerStandIn
from tests.googleapi.storage import StorageStandIn
from tests.googleapi.tasks import TasksStandIn
from tests.googleapi.wire import Wire

PLACE = ("demo-project", "asia-northeast3")
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.DEADLINE_EXCEEDED}


@pytest.fixture
def tasks(wire: Wire) -> TasksStandIn:
    made = TasksStandIn(wire)
    wire.start()
    return made


@pytest.fixture
def queue(wire: Wire) -> CloudTasksQueue:
    return CloudTasksQueue(*PLACE, INVOKER, lambda kind: f"https://{kind}.example.com", wire.address)


@pytest.fixture
def run(wire: Wire) -> Iterator[RunStandIn]:
    made = RunStandIn(wire)
    wire.start()
    yield made
    made.stop()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(wire: Wire, run: RunStandIn, clock: Clock) -> CloudRunJobs:
    return CloudRunJobs(*PLACE, "agent-runner", wire.address, clock)


# Cloud Tasks


def test_a_task_is_a_request_to_the_service_of_its_kind_with_an_identity(
    tasks: TasksStandIn, queue: CloudTasksQueue
) -> None:
    due = datetime.now(UTC) + timedelta(minutes=5)
    assert queue.enqueue(Task("mail", "m1", {"to": "한국어"}, due))
    ((name, entry),) = tasks.entries.items()
    request = entry.task.http_request
    assert name.startswith("projects/demo-project/locations/asia-northeast3/queues/mail/tasks/")
    assert request.url == "https://mail.example.com/internal/tasks/mail"
    assert json.loads(request.body) == {"name": "m1", "body": {"to": "한국어"}}
    assert (request.oidc_token.service_account_email, request.oidc_token.audience) == (
        INVOKER,
        "https://mail.example.com",
    )
    assert abs(entry.task.schedule_time - due) < timedelta(milliseconds=1)


def test_names_are_hashed_and_taken_within_their_kind(tasks: TasksStandIn, queue: CloudTasksQueue) -> None:
    assert [queue.enqueue(Task(kind, "n")) for kind in ("mail", "mail", "launch")] == [True, False, True]
    assert all(len(name.rpartition("/")[2]) == 64 for name in tasks.entries)


def test_of_many_threads_that_enqueue_one_name_one_succeeds(tasks: TasksStandIn, queue: CloudTasksQueue) -> None:
    with ThreadPoolExecutor(8) as threads:
        wins = list(threads.map(lambda _: queue.enqueue(Task("launch", "l1")), range(8)))
    assert sorted(wins) == [False] * 7 + [True]


@pytest.mark.parametrize("code", sorted(PASSING, key=lambda code: code.name))
def test_a_lost_answer_makes_no_second_task(
    tasks: TasksStandIn, queue: CloudTasksQueue, wire: Wire, code: grpc.StatusCode
) -> None:
    wire.fail("CreateTask", code, done=True)
    queue.enqueue(Task("launch", "l1"))
    assert len(tasks.entries) == 1
    assert wire.calls["CreateTask"] == 2


@pytest.mark.parametrize("code", [c for c in CODES if c not in PASSING], ids=lambda code: code.name)
def test_every_other_refusal_is_unavailable_but_that_the_name_is_taken(
    tasks: TasksStandIn, queue: CloudTasksQueue, wire: Wire, code: grpc.StatusCode
) -> None:
    wire.fail("CreateTask", code)
    if code is grpc.StatusCode.ALREADY_EXISTS:
        assert not queue.enqueue(Task("launch", "l1"))
        return
    with pytest.raises(Unavailable, match="Cloud Tasks"):
        queue.enqueue(Task("launch", "l1"))


def test_what_cloud_tasks_cannot_keep_is_refused_before_it_is_asked(queue: CloudTasksQueue, wire: Wire) -> None:
    far = datetime.now(UTC) + timedelta(days=31)
    for task in (Task("mail", "a/b"), Task("", "n"), Task("mail", "n", due=far)):
        with pytest.raises(Invalid):
            queue.enqueue(task)
    assert wire.calls["CreateTask"] == 0


# Cloud Run Jobs


def test_a_launch_is_one_call_however_many_runs_it_has(jobs: CloudRunJobs, run: RunStandIn, wire: Wire) -> None:
    handle = jobs.launch("l1", "secret", 250)
    ((name, execution),) = run.executions.items()
    assert name == "projects/demo-project/locations/asia-northeast3/jobs/agent-runner/executions/agent-runner-00000"
    assert execution.env == {"OMA_LAUNCH_ID": "l1", "OMA_LAUNCH_NONCE": "secret"}
    assert (len(execution.processes), wire.calls["RunJob"]) == (250, 1)
    assert jobs.probe(handle, 249) is Liveness.ALIVE
    assert jobs.probe(handle, 250) is Liveness.UNKNOWN


def test_each_task_of_a_batch_is_alive_or_gone_by_itself(jobs: CloudRunJobs, run: RunStandIn, clock: Clock) -> None:
    handle = jobs.launch("l1", "n", 3)
    (execution,) = run.executions.values()
    run.end(execution, 1)
    assert [jobs.probe(handle, index) for index in range(3)] == [Liveness.ALIVE, Liveness.GONE, Liveness.ALIVE]
    for index in (0, 2):
        run.end(execution, index)
    assert jobs.probe(handle, 0) is Liveness.ALIVE  # known for some seconds
    clock.time = 60
    assert [jobs.probe(handle, index) for index in range(3)] == [Liveness.GONE] * 3


def test_a_sweep_over_a_batch_asks_once(jobs: CloudRunJobs, run: RunStandIn, wire: Wire) -> None:
    handle = jobs.launch("l1", "n", 80)
    assert {jobs.probe(handle, index) for index in range(80)} == {Liveness.ALIVE}
    assert (wire.calls["GetExecution"], wire.calls["ListTasks"]) == (1, 1)


def test_an_execution_that_was_forgotten_is_gone(jobs: CloudRunJobs, run: RunStandIn) -> None:
    assert jobs.probe("agent-runner-long-ago/1", 0) is Liveness.GONE


@pytest.mark.parametrize("code", [c for c in CODES if c is not grpc.StatusCode.NOT_FOUND], ids=lambda code: code.name)
def test_when_nobody_answers_nobody_knows(
    jobs: CloudRunJobs, run: RunStandIn, wire: Wire, code: grpc.StatusCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = jobs.launch("l1", "n", 1)
    wire.fail("GetExecution", code, times=1 if code not in PASSING else 2)
    wire.fail("ListTasks", grpc.StatusCode.PERMISSION_DENIED)
    assert jobs.probe(handle, 0) is Liveness.UNKNOWN


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
@pytest.mark.parametrize("done", [False, True], ids=["refused", "answer lost"])
def test_a_launch_that_fails_is_not_repeated(
    jobs: CloudRunJobs, run: RunStandIn, wire: Wire, code: grpc.StatusCode, done: bool
) -> None:
    wire.fail("RunJob", code, done=done)
    with pytest.raises(NoRoom if code is grpc.StatusCode.RESOURCE_EXHAUSTED else Unavailable):
        jobs.launch("l1", "n", 1)
    assert wire.calls["RunJob"] == 1


def test_beyond_the_quota_there_is_no_room(jobs: CloudRunJobs, run: RunStandIn) -> None:
    run.most = 5
    with pytest.raises(NoRoom):
        jobs.launch("l1", "n", 6)
    assert jobs.launch("l2", "n", 5)


def test_a_run_alone_is_stopped_and_one_of_many_is_not(jobs: CloudRunJobs, run: RunStandIn, clock: Clock) -> None:
    alone, many = jobs.launch("l1", "n", 1), jobs.launch("l2", "n", 2)
    for _ in range(2):
        jobs.stop(alone, 0)
    jobs.stop(many, 0)
    jobs.stop("agent-runner-long-ago/1", 0)
    assert [execution.cancelled for execution in run.executions.values()] == [True, False]
    assert (jobs.probe(alone, 0), jobs.probe(many, 0)) == (Liveness.GONE, Liveness.ALIVE)


# Cloud Scheduler


def test_the_tick_is_read_paused_and_resumed(wire: Wire, issuer: Issuer) -> None:
    name = "projects/demo-project/locations/asia-northeast3/jobs/tick"
    standin = SchedulerStandIn(wire, name)
    wire.start()
    metronome = SchedulerMetronome(*PLACE, "tick", wire.address)
    assert (metronome.beat().runs, metronome.beat().last, metronome.beat().failing) == (True, None, False)
    metronome.pause()
    assert not metronome.beat().runs
    assert standin.knock(issuer, "http://127.0.0.1:9/", "a") == 0
    metronome.resume()
    assert metronome.beat().runs
    standin.job.last_attempt_time = datetime.now(UTC)
    standin.job.status = {"code": 2}
    beat = metronome.beat()
    assert beat.failing
    assert beat.last is not None
    with pytest.raises(NotFound):
        SchedulerMetronome(*PLACE, "other", wire.address).beat()
    wire.fail("GetJob", grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(Unavailable):
        metronome.beat()


# KMS


def test_what_an_older_version_wrapped_still_opens(kms: KmsStandIn, kms_vault: KmsVault) -> None:
    before = kms_vault.seal("secret", "c")
    kms.rotate()
    assert [kms_vault.unseal(sealed, "c") for sealed in (before, kms_vault.seal("other", "c"))] == ["secret", "other"]


def test_a_key_that_arrives_damaged_seals_nothing(kms: KmsStandIn, kms_vault: KmsVault) -> None:
    kms.damaged = True
    with pytest.raises(Unavailable, match="damaged"):
        kms_vault.seal("secret", "c")


def test_what_was_tampered_with_or_is_not_ours_is_forbidden(kms: KmsStandIn, kms_vault: KmsVault) -> None:
    version, wrapped, text = kms_vault.seal("secret", "c").split(".")
    flipped = ("A" if text[30] != "A" else "B").join([text[:30], text[31:]])
    other = kms_vault.seal("secret", "c").split(".")[1]
    for sealed in (f"{version}.{wrapped}.{flipped}", f"{version}.{other}.{text}", f"v1.{wrapped}.{text}", "", "k1..x"):
        with pytest.raises(Forbidden):
            kms_vault.unseal(sealed, "c")


def test_without_the_right_the_vault_is_unavailable_and_not_empty(wire: Wire, kms: KmsStandIn) -> None:
    with pytest.raises(Unavailable, match="Cloud KMS"):
        KmsVault("projects/p/locations/l/keyRings/r/cryptoKeys/other", wire.address).seal("secret", "c")


# Cloud Storage


def put(url: str, body: bytes, **headers: str) -> int:
    sent = {"Content-Type": "application/octet-stream"} | {k.replace("_", "-"): v for k, v in headers.items()}
    try:
        with urlopen(Request(url, body, sent, method="PUT"), timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_link_is_good_for_its_object_length_and_time_only(storage: StorageStandIn, bucket: BucketFiles) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    url = bucket.upload_url("agents/u/a/f", 3, soon)
    only = {"x_goog_content_length_range": "3,3", "x_goog_if_generation_match": "0"}
    assert put(url, b"abc") == 403
    assert put(url, b"abcd", **only | {"x_goog_content_length_range": "4,4"}) == 403
    assert put(url, b"abcd", **only) == 400
    assert put(url.replace("/a/f", "/a/g"), b"abc", **only) == 403
    assert put(url, b"abc", **only) == 200
    assert put(url, b"xyz", **only) == 412
    assert bucket.read("agents/u/a/f") == b"abc"
    with urlopen(bucket.download_url("agents/u/a/f", soon), timeout=60) as answer:
        assert answer.read() == b"abc"
    assert put(bucket.download_url("agents/u/a/f", soon), b"abc") == 403
    late = bucket.upload_url("agents/u/a/h", 3, datetime.now(UTC) + timedelta(seconds=1))
    time.sleep(2.1)
    assert put(late, b"abc", **only) == 403


def test_a_runner_puts_and_gets_by_such_links(storage: StorageStandIn, bucket: BucketFiles) -> None:
    with FakePlatform() as fake:
        platform = Platform(fake.url, Claim.of(fake.claim()))
        soon = datetime.now(UTC) + timedelta(minutes=10)
        key, body = f"agents/u/a/{sha256(b'abc').hexdigest()}", b"abc"
        url = bucket.upload_url(key, len(body), soon)
        for _ in range(2):  # the second time it is there already, which is as good
            platform.put(url, lambda: BytesIO(body), len(body), sha256(body).hexdigest())
        platform.close()
    assert storage.objects == {key: body}


def test_a_link_to_a_digest_takes_no_other_body(storage: StorageStandIn, bucket: BucketFiles) -> None:
    soon, digest = datetime.now(UTC) + timedelta(minutes=10), sha256(b"abc").hexdigest()
    url = bucket.upload_url(f"agents/u/a/{digest}", 3, soon)
    only = {"x_goog_content_length_range": "3,3", "x_goog_if_generation_match": "0"}
    assert put(url, b"abc", **only) == 403
    assert put(url, b"xyz", **only, x_goog_content_sha256=sha256(b"xyz").hexdigest()) == 403
    assert put(url, b"xyz", **only, x_goog_content_sha256=digest) == 400
    assert storage.objects == {}
    assert put(url, b"abc", **only, x_goog_content_sha256=digest) == 200


def test_iam_signs_where_there_is_no_key(issuer: Issuer, storage: StorageStandIn, bucket: BucketFiles) -> None:
    """`signBlob` answers with the signature of the account's own key, which nobody has."""
    asked: list[Any] = []

    class Answer:
        def __init__(self, data: bytes) -> None:
            self.status, self.data = 200, data
            self.headers: dict[str, str] = {}

    def iam(url: str, method: str, body: bytes, headers: dict[str, str], **_: Any) -> Answer:
        from base64 import b64decode, b64encode

        asked.append((url, method))
        signed = issuer._signer.sign(b64decode(json.loads(body)["payload"]))
        return Answer(json.dumps({"keyId": "k", "signedBlob": b64encode(signed).decode()}).encode())

    class Identity:
        """As the metadata server gives it: a token and the account's address, no key."""

        service_account_email = "api@demo-project.iam.gserviceaccount.com"
        universe_domain = "googleapis.com"

        def refresh(self, request: Any) -> None:
            """Nothing to fetch."""

        def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:
            headers["Authorization"] = "Bearer token"

    bucket._credentials = lambda: signed_by_iam(Identity(), iam)  # type: ignore[assignment]
    url = bucket.upload_url("a", 1, datetime.now(UTC) + timedelta(minutes=1))
    only = {"x_goog_content_length_range": "1,1", "x_goog_if_generation_match": "0"}
    assert put(url, b"x", **only) == 200
    ((address, method),) = asked
    assert address.endswith("/serviceAccounts/api@demo-project.iam.gserviceaccount.com:signBlob")
    assert method == "POST"


def test_what_storage_refuses_is_unavailable(storage: StorageStandIn, bucket: BucketFiles) -> None:
    for call in (lambda: bucket.read("a"), lambda: bucket.write("a", b"x"), lambda: bucket.exists("a")):
        storage.faults = [403]
        with pytest.raises(Unavailable, match="Cloud Storage"):
            call()
    storage.faults = [503]
    bucket.write("a", b"x")
    assert bucket.read("a") == b"x"


# Who calls


@pytest.fixture
def callers(issuer: Issuer, clock: Clock) -> GoogleCallers:
    return GoogleCallers(INVOKER, issuer.certs_url, clock)


def test_the_platforms_own_account_may_call_and_certificates_are_kept(
    callers: GoogleCallers, issuer: Issuer, clock: Clock
) -> None:
    before = issuer.fetched
    threads = [threading.Thread(target=callers.check, args=(issuer.token("aud"), "aud")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert issuer.fetched == before + 1
    clock.time = 3_601
    callers.check(issuer.token("aud"), "aud")
    assert issuer.fetched == before + 2


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"email": "other@demo-project.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"iss": "https://evil.example.com"},
        {"exp": 1_000_000_000, "iat": 999_999_000},
        {"iat": 4_000_000_000, "exp": 4_000_003_600},
    ],
    ids=str,
)
@pytest.mark.parametrize("passed_on", [lambda token: token, by_cloud_run], ids=["signed", "passed on"])
def test_other_tokens_are_refused(
    callers: GoogleCallers, issuer: Issuer, claims: dict[str, Any], passed_on: Callable[[str], str]
) -> None:
    with pytest.raises(Unauthenticated):
        callers.check(passed_on(issuer.token("aud", **claims)), "aud")


def test_a_token_whose_signature_cloud_run_took_away_is_believed(callers: GoogleCallers, issuer: Issuer) -> None:
    callers.check(by_cloud_run(issuer.token("aud")), "aud")
    callers.check(by_cloud_run(issuer.token("what Eventarc chose")), None)
    callers.check(issuer.token("what Eventarc chose"), None)
    for token in (
        "SIGNATURE_REMOVED_BY_GOOGLE",
        "a.b.SIGNATURE_REMOVED_BY_GOOGLE",
        "e30.e30.SIGNATURE_REMOVED_BY_GOOGLE",
    ):
        with pytest.raises(Unauthenticated):
            callers.check(token, "aud")


def test_a_token_by_another_key_or_of_no_form_is_refused(callers: GoogleCallers, clock: Clock) -> None:
    stranger = Issuer()
    unknown = Issuer("key2")
    for token in (stranger.token("aud"), unknown.token("aud"), "a.b.c", "", "x" * 5_000):
        with pytest.raises(Unauthenticated):
            callers.check(token, "aud")


def test_without_certificates_nobody_is_believed_and_it_may_pass(issuer: Issuer) -> None:
    with pytest.raises(Unavailable):
        GoogleCallers(INVOKER, "http://127.0.0.1:9/certs").check(issuer.token("aud"), "aud")


# The doctor


def test_the_doctor_tries_each_part_and_tells_what_does_not_answer(
    wire: Wire, storage: StorageStandIn, bucket: BucketFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    KmsStandIn(wire, key)
    scheduler = SchedulerStandIn(wire, "projects/demo-project/locations/asia-northeast3/jobs/tick")
    wire.start()
    environment = {
        "OMA_TARGET": "gcp",
        "GOOGLE_CLOUD_PROJECT": "demo-project",
        "OMA_PUBLIC_URL": "https://agents.example.com",
        "OMA_SERVICES": "https://{name}-123.asia-northeast3.run.app",
        "OMA_BUCKET": "demo-bucket",
        "OMA_KMS_KEY": key,
        "OMA_INVOKER": INVOKER,
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
        "OMA_EMULATORS": f"kms={wire.address},scheduler={wire.address},storage={storage.url}",
    }

    def found() -> dict[str, bool]:
        parts = wiring.parts_of_the_cloud(Settings.from_env(environment))
        return {name: checks.part(name, use).ok for name, use in parts.items() if name != "store"}

    assert found() == {"files": True, "vault": True, "tick": True}
    scheduler.job.state = scheduler_v1.Job.State.PAUSED
    storage.faults = [403]
    wire.fail("Encrypt", grpc.StatusCode.PERMISSION_DENIED)
    assert found() == {"files": False, "vault": False, "tick": False}
    assert wiring.parts_of_the_cloud(Settings.from_env({})) == {}
