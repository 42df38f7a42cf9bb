"""What people and programs send by mistake or on purpose: a refusal that names the field, and nothing half written.

The groups follow the list of bad inputs that the platform promises to withstand.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.http.world import DRAFT, Api, Person, made

JSON = "application/json"


@dataclass
class World:
    """A person with an agent and a run, a deleted agent, and somebody else's agent."""

    api: Api
    person: Person
    agent: str
    run: str
    deleted: str
    foreign: str
    hook: str

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            named.setdefault("Content-Type", JSON)
        names = {
            "agent": self.agent,
            "run": self.run,
            "deleted": self.deleted,
            "foreign": self.foreign,
            "hook": self.hook,
        }
        for name, value in names.items():
            path = path.replace("{" + name + "}", value)
        return self.person.call(method, path, data=data, headers=named)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("bad-input")
    for api in made(folder):
        person, other = api.guest(), api.guest()
        agent, deleted = person.agent(network={"allow": ["api.example.com"]})["id"], person.agent()["id"]
        run = person.run(agent)["id"]
        person.delete(f"/api/agents/{deleted}")
        person.post("/api/agents", json=DRAFT | {"slug": "taken"}, headers={"Idempotency-Key": "used"})
        hook = person.post(f"/api/agents/{agent}/hooks").json["id"]
        yield World(api, person, agent, run, deleted, other.agent()["id"], hook)


@dataclass(frozen=True)
class Row:
    """One request, the statuses it may have, and the field that its refusal must name."""

    name: str
    method: str
    path: str
    body: Any = None
    status: int = 422
    field: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def create(name: str, body: Any, status: int = 422, field: str | None = None, **headers: str) -> Row:
    return Row(name, "POST", "/api/agents", body, status, field, tuple(headers.items()))


def draft(row: str, field: str, /, **fields: Any) -> Row:
    return create(row, DRAFT | fields, 422, field)


def query(name: str, path: str, field: str) -> Row:
    return Row(f"query: {name}", "GET", path, None, 422, field)


def missing(name: str, path: str, method: str = "GET") -> Row:
    return Row(name, method, path, None, 404)


BODIES = [
    create("no body", b"", 400, "body"),
    create("no body and no type", None, 415),
    create("blank body", b" \n", 400, "body"),
    create("broken JSON", b'{"name": ', 400, "body"),
    create("two values", b"{} {}", 400, "body"),
    create("top-level array", b"[]", 400, "body"),
    create("top-level null", b"null", 400, "body"),
    create("top-level number", b"1", 400, "body"),
    create("top-level text", b'"x"', 400, "body"),
    create("text as JSON", DRAFT, 415, Content_Type="text/plain"),
    create("form as JSON", b"name=x", 415, Content_Type="application/x-www-form-urlencoded"),
    create("another charset", DRAFT, 415, Content_Type="application/json; charset=utf-16"),
    create("10 MB", b'{"name": "' + b"x" * 10_000_000 + b'"}', 413),
    create("100,000 open brackets", b"[" * 100_000, 400, "body"),
    create("100,000 open braces", b'{"a":' * 100_000, 400, "body"),
    create("nested 65 deep", b'{"a":' * 66 + b"1" + b"}" * 66, 400, "a"),
    create("a key twice", b'{"name": "a", "name": "b", "finalPrompt": "x"}', 400, "name"),
    create("an inner key twice", b'{"name": "a", "limits": {"maxTurns": 1, "maxTurns": 2}}', 400, "maxTurns"),
    create("NaN", b'{"name": NaN}', 400, "body"),
    create("Infinity", b'{"name": -Infinity}', 400, "body"),
    create("10^400", b'{"limits": {"maxTurns": 1e400}}', 400, "limits.maxTurns"),
    create("a number of 400 digits", b'{"limits": {"maxTurns": ' + b"9" * 400 + b"}}", 400, "limits.maxTurns"),
    create("a number of 10,000 digits", b'{"limits": {"maxTurns": ' + b"9" * 10_000 + b"}}", 400, "limits.maxTurns"),
    create("beyond 64 bits", b'{"limits": {"maxTurns": 9223372036854775808}}', 400, "limits.maxTurns"),
    create("invalid UTF-8", b'{"name": "\xff\xfe"}', 400, "body"),
    create("UTF-8 with a mark", b'\xef\xbb\xbf{"name": "x"}', 400, "body"),
    create("a lone surrogate", b'{"name": "\\ud800", "finalPrompt": "x"}', 400, "name"),
    create("a lone surrogate as key", b'{"\\udfff": 1}', 400),
    create("compressed", gzip.compress(b"{}" + b" " * 1_000_000), 415, Content_Encoding="gzip"),
    Row("merge patch of an array", "PATCH", "/api/agents/{agent}", b"[]", 400, "body"),
    Row("patch as text", "PATCH", "/api/agents/{agent}", b"name: x", 415, headers=(("Content_Type", "text/yaml"),)),
]
FIELDS = [
    create("a missing field", {"name": "x"}, 422, "finalPrompt"),
    create("an empty object", {}, 422, "name"),
    draft("an unknown field", "owner", owner="me"),
    draft("a role", "role", role="admin"),
    draft("another user's id as field", "userId", userId="u_other"),
    draft("an id", "id", id="a_mine"),
    draft("snake case", "final_prompt", final_prompt="x"),
    draft("an unknown inner field", "limits.cpus", limits={"cpus": 64}),
    draft("a number as name", "name", name=1),
    draft("null as name", "name", name=None),
    draft("a list as name", "name", name=["x"]),
    draft("a blank name", "name", name=" \t"),
    draft("a name of zero-width letters", "name", name="\u200b\u200d"),
    draft("an empty name", "name", name=""),
    draft("NUL in a name", "name", name="a\0b"),
    draft("a line end in a name", "name", name="a\nb"),
    draft("10,000 emoji", "name", name="😀" * 10_000),
    draft("NUL in a prompt", "finalPrompt", finalPrompt="a\0b"),
    draft("a blank prompt", "finalPrompt", finalPrompt=" \n "),
    draft("a prompt of 100,001 letters", "finalPrompt", finalPrompt="가" * 100_001),
    draft("text as number", "limits.maxTurns", limits={"maxTurns": "10"}),
    draft("a fraction as number", "limits.maxTurns", limits={"maxTurns": 1.5}),
    draft("true as number", "limits.maxTurns", limits={"maxTurns": True}),
    draft("a negative budget", "limits.maxCostMicroUsd", limits={"maxCostMicroUsd": -1}),
    draft("a huge budget", "limits.maxCostMicroUsd", limits={"maxCostMicroUsd": 10**18}),
    draft("a huge monthly budget", "limits.monthlyCostMicroUsd", limits={"monthlyCostMicroUsd": 10**13}),
    draft("no time at all", "limits.timeoutSeconds", limits={"timeoutSeconds": 0}),
    draft("limits as a list", "limits", limits=[]),
    draft("an unknown status", "status", status="deleted"),
    draft("an unknown model", "model", model="gpt-9"),
    draft("a model with a space", "model", model="haiku --verbose"),
    draft("a tool with a pattern", "tools.0", tools=["Bash(rm *)"]),
    draft("a flag as tool", "tools.1", tools=["Read", "--dangerously-skip-permissions"]),
    draft("tools as text", "tools", tools="Read"),
    draft("nine tools", "tools", tools=["Read"] * 9),
    draft("any host", "network.allow.0", network={"allow": ["*"]}),
    draft("a public suffix", "network.allow.0", network={"allow": ["*.com"]}),
    draft("an address", "network.allow.0", network={"allow": ["169.254.169.254"]}),
    draft("an IPv6 address", "network.allow.0", network={"allow": ["[::1]"]}),
    draft("an address in hexadecimal", "network.allow.0", network={"allow": ["0x7f000001"]}),
    draft("localhost", "network.allow.0", network={"allow": ["localhost"]}),
    draft("an inner name", "network.allow.0", network={"allow": ["metadata.google.internal"]}),
    draft("a user in a host", "network.allow.0", network={"allow": ["a@example.com"]}),
    draft("a port in a host", "network.allow.0", network={"allow": ["example.com:22"]}),
    draft("a URL as host", "network.allow.0", network={"allow": ["https://example.com/"]}),
    draft("broken punycode", "network.allow.0", network={"allow": ["xn--\u00e9.com"]}),
    draft("a long host", "network.allow.0", network={"allow": ["a" * 300 + ".com"]}),
    draft("51 hosts", "network.allow", network={"allow": [f"h{n}.example.com" for n in range(51)]}),
    draft("six cron fields", "schedule.cron", schedule={"cron": "* * * * * *"}),
    draft("a cron word", "schedule.cron", schedule={"cron": "@reboot"}),
    draft("31 February", "schedule.cron", schedule={"cron": "0 0 31 2 *"}),
    draft("minute 60", "schedule.cron", schedule={"cron": "60 * * * *"}),
    draft("a cron of 1,000 letters", "schedule.cron", schedule={"cron": "0," * 500 + "0 * * * *"}),
    draft("every minute as a guest", "schedule.cron", schedule={"cron": "* * * * *"}),
    draft("holidays of nowhere", "schedule.calendar", schedule={"cron": "0 9 * * *", "onHoliday": "skip"}),
    draft("two kinds of days", "schedule.cron", schedule={"cron": "0 9 1 * *", "lastBusinessDay": True}),
    Row(
        "a patch to every minute",
        "PATCH",
        "/api/agents/{agent}",
        {"schedule": {"cron": "* * * * *"}},
        422,
        "schedule.cron",
    ),
    draft("a bad time zone", "schedule.timezone", schedule={"cron": "0 9 * * *", "timezone": "Asia/Busan"}),
    draft("a path as time zone", "schedule.timezone", schedule={"cron": "0 9 * * *", "timezone": "../../etc/passwd"}),
    draft("a slug with capitals", "slug", slug="News"),
    draft("a slug with a path", "slug", slug="../x"),
    draft("a colour by name", "color", color="red"),
    draft("a script as webhook", "notify.webhookUrl", notify={"webhookUrl": "javascript:alert(1)"}),
    draft("a plain webhook", "notify.webhookUrl", notify={"webhookUrl": "http://example.com/"}),
    draft("a webhook with a password", "notify.webhookUrl", notify={"webhookUrl": "https://a:b@example.com/"}),
    draft("eleven tags", "tags", tags=[str(n) for n in range(11)]),
    Row("version 0", "POST", "/api/agents/{agent}/rollback", {"version": 0}, 422, "version"),
    Row("version -1", "POST", "/api/agents/{agent}/rollback", {"version": -1}, 422, "version"),
    Row("version 10^18", "POST", "/api/agents/{agent}/rollback", {"version": 10**18}, 422, "version"),
    Row("a version that never was", "POST", "/api/agents/{agent}/rollback", {"version": 99}, 404),
    Row("an input that is no text", "POST", "/api/agents/{agent}/executions", {"input": {"a": 1}}, 422, "input"),
    Row("NUL in an input", "POST", "/api/agents/{agent}/executions", {"input": "\0"}, 422, "input"),
    Row("an input too long", "POST", "/api/agents/{agent}/executions", {"input": "x" * 256_001}, 422, "input"),
    Row("an unknown field of a run", "POST", "/api/agents/{agent}/executions", {"prompt": "x"}, 422, "prompt"),
    Row("a bad zone of an account", "PATCH", "/api/account", {"timezone": "Mars/Olympus"}, 422, "timezone"),
    Row("a bad locale", "PATCH", "/api/account", {"locale": "fr"}, 422, "locale"),
    Row("a blank name of an account", "PATCH", "/api/account", {"name": " "}, 422, "name"),
    Row("null in a patch", "PATCH", "/api/agents/{agent}", {"name": None}, 422, "name"),
    Row("a patch of the version", "PATCH", "/api/agents/{agent}", {"version": 7}, 422, "version"),
    Row("a code that is no text", "POST", "/api/auth/link", {"code": 1}, 422, "code"),
    Row("a code of NULs", "POST", "/api/auth/link", {"code": "\0" * 100}, 401),
]
FILES = [
    Row("no file", "POST", "/api/agents/import", b"", 400, "body", (("Content_Type", "text/markdown"),)),
    Row("a file as JSON", "POST", "/api/agents/import", {"file": "x"}, 415),
    Row(
        "a file that is not UTF-8",
        "POST",
        "/api/agents/import",
        b"\xff",
        400,
        "body",
        (("Content_Type", "text/markdown"),),
    ),
    Row(
        "a file without front matter",
        "POST",
        "/api/agents/import",
        b"hello",
        422,
        "file",
        (("Content_Type", "text/markdown"),),
    ),
    Row(
        "a form without a boundary",
        "POST",
        "/api/agents/{agent}/files",
        b"x",
        422,
        "file",
        (("Content_Type", "multipart/form-data"),),
    ),
    Row(
        "a broken form",
        "POST",
        "/api/agents/{agent}/files",
        b"--b\r\nX",
        422,
        "file",
        (("Content_Type", "multipart/form-data; boundary=b"),),
    ),
    Row(
        "a file as raw bytes",
        "POST",
        "/api/agents/{agent}/files/a.txt",
        b"x",
        415,
        None,
        (("Content_Type", "text/csv"),),
    ),
]
IDS = [
    missing("an id that climbs", "/api/agents/../x"),
    missing("an id that climbs, encoded", "/api/agents/%2e%2e%2fx"),
    missing("dots as id", "/api/agents/%2e%2e"),
    missing("NUL as id", "/api/agents/%00"),
    missing("NUL in an id", "/api/agents/a%00b"),
    missing("an id of 10 kB", "/api/agents/" + "a" * 10_000),
    missing("a Korean id", "/api/agents/" + quote("에이전트")),
    missing("invalid UTF-8 as id", "/api/agents/%ff%fe"),
    missing("a reserved id", "/api/agents/__x__"),
    missing("a reserved id of a run", "/api/executions/__name__/events"),
    missing("an unknown id", "/api/agents/a_nothing"),
    missing("another user's id", "/api/agents/{foreign}"),
    missing("another user's agent to run", "/api/agents/{foreign}/executions", "POST"),
    missing("a deleted agent", "/api/agents/{deleted}"),
    missing("a deleted agent to run", "/api/agents/{deleted}/executions", "POST"),
    missing("a deleted agent's files", "/api/agents/{deleted}/files"),
    missing("an artifact that climbs", "/api/executions/{run}/artifacts/..%2f..%2fetc%2fpasswd"),
    missing("an artifact by its root", "/api/executions/{run}/artifacts//etc/passwd"),
    missing("a file that climbs", "/api/agents/{agent}/files/..%2fx"),
    missing("NUL in a file's path", "/api/agents/{agent}/files/a%00b", "DELETE"),
    missing("a path of 10 kB", "/api/agents/{agent}/files/" + "a/" * 5_000 + "b"),
]
QUERIES = [
    query("limit 0", "/api/agents?limit=0", "limit"),
    query("limit -1", "/api/agents?limit=-1", "limit"),
    query("limit 10^9", "/api/executions?limit=1000000000", "limit"),
    query("limit of 400 digits", "/api/agents?limit=" + "9" * 400, "limit"),
    query("limit as a word", "/api/agents?limit=many", "limit"),
    query("limit as a fraction", "/api/agents?limit=1.0", "limit"),
    query("limit in Arabic digits", "/api/agents?limit=" + quote("١"), "limit"),
    query("limit empty", "/api/agents?limit=", "limit"),
    query("limit twice", "/api/agents?limit=1&limit=2", "limit"),
    query("a made-up cursor", "/api/agents?cursor=abc", "cursor"),
    query("a cursor of JSON", "/api/agents?cursor=WzEsMl0", "cursor"),
    query("a cursor of brackets", "/api/agents?cursor=" + "W1tb" * 400, "cursor"),
    query("a Korean cursor", "/api/agents?cursor=" + quote("가"), "cursor"),
    query("a cursor of 8 kB", "/api/agents?cursor=" + "a" * 8_000, "cursor"),
    query("a filter mistyped", "/api/executions?agentid=a_x", "agentid"),
    query("an unknown status", "/api/executions?status=done", "status"),
    query("a time without a zone", "/api/executions?from=2026-11-20T00:00:00", "from"),
    query("a time as a number", "/api/executions?from=1700000000", "from"),
    query("31 February", "/api/executions?to=2026-02-31T00:00:00Z", "to"),
    query("a time beyond the calendar", "/api/executions?to=9999-12-31T23:59:59-10:00", "to"),
    query("a time before the calendar", "/api/executions?from=0001-01-01T00:00:00%2B10:00", "from"),
    query("year -1", "/api/usage?from=-0001-01-01", "from"),
    query("a day that is a time", "/api/usage?from=2026-11-20T00:00:00Z", "from"),
    query("days the wrong way round", "/api/usage?from=2026-11-20&to=2026-11-01", "from"),
    query("a thousand years", "/api/usage?from=1026-11-20&to=2026-11-20", "from"),
    query("another grouping", "/api/usage?by=week", "by"),
    query("a negative seq", "/api/executions/{run}/events?after=-1", "after"),
    query("a huge seq", "/api/executions/{run}/events?after=99999999999", "after"),
    query("a tag of 31 letters", "/api/agents?tag=" + "x" * 31, "tag"),
]
HEADERS = [
    create("an empty key", DRAFT, 422, "Idempotency-Key", Idempotency_Key=""),
    create("a key of 201 letters", DRAFT, 422, "Idempotency-Key", Idempotency_Key="k" * 201),
    create("a key with a space", DRAFT, 422, "Idempotency-Key", Idempotency_Key="a b"),
    create("a key with accents", DRAFT, 422, "Idempotency-Key", Idempotency_Key="k\u00e9y"),
    create("a key for another body", DRAFT, 422, None, Idempotency_Key="used"),
    create("a slug in use", DRAFT | {"slug": "taken"}, 409),
    Row("a stale ETag", "PUT", "/api/agents/{agent}", DRAFT, 412, None, (("If_Match", '"9"'),)),
    Row("an empty Authorization", "GET", "/api/agents", None, 401, None, (("Authorization", ""),)),
    Row("another scheme", "GET", "/api/agents", None, 401, None, (("Authorization", "Basic dTpw"),)),
    Row("two bearers", "GET", "/api/agents", None, 401, None, (("Authorization", "Bearer a, Bearer b"),)),
    Row("a bearer of 8 kB", "GET", "/api/agents", None, 401, None, (("Authorization", "Bearer " + "a" * 8_192),)),
    Row("a bearer of accents", "GET", "/api/agents", None, 401, None, (("Authorization", "Bearer \u00e9"),)),
    Row(
        "an unsigned token",
        "GET",
        "/api/agents",
        None,
        401,
        None,
        (("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),),
    ),
    Row("an unknown API key", "GET", "/api/agents", None, 401, None, (("Authorization", "Bearer oma_" + "a" * 43),)),
    Row("an unknown API key that is bad", "GET", "/api/auth/validate/oma_", None, 200),
    Row("a method that is not there", "PATCH", "/api/agents", {}, 405),
    Row("TRACE", "TRACE", "/api/agents", None, 405),
    Row(
        "a run without its token",
        "POST",
        "/runner/executions/{run}/events",
        {"epoch": 1, "fromSeq": 1, "events": []},
        403,
    ),
    Row("a launch without its nonce", "POST", "/runner/launches/l_x/claim", {"nonce": "n", "taskIndex": 0}, 404),
    Row(
        "an event beyond the calendar",
        "POST",
        "/runner/executions/{run}/events",
        {"epoch": 1, "fromSeq": 1, "events": [{"seq": 1, "time": "9999-12-31T23:59:59-10:00", "type": "text"}]},
        422,
        "events.0.time",
    ),
    Row("a negative index", "POST", "/runner/launches/l_x/claim", {"nonce": "n", "taskIndex": -1}, 422, "taskIndex"),
    Row("an unsigned link", "PUT", "/runner/files/a", b"x", 422, "expires"),
    Row("a forged link", "PUT", "/runner/files/a/b?expires=9999999999&length=1&signature=x", b"x", 403),
    Row(
        "a link that climbs", "GET", "/runner/files/..%2fkey?expires=9999999999&length=0&signature=x", None, 422, "key"
    ),
]
KEY = "/api/agents/{agent}/secrets/key"
CANARY = "canary-7f3a9b2c"


def secret(name: str, field: str, /, at: str = "key", status: int = 422, **fields: Any) -> Row:
    body = {"value": CANARY, "hosts": ["api.example.com"]} | fields
    return Row(f"a secret: {name}", "PUT", "/api/agents/{agent}/secrets/" + at, body, status, field)


SECRETS = [
    secret("no hosts", "hosts", hosts=[]),
    secret("a host off the list", "hosts", hosts=["other.example.com"]),
    secret("a wildcard", "hosts.0", hosts=["*.example.com"]),
    secret("an address", "hosts.0", hosts=["127.0.0.1"]),
    secret("a public suffix", "hosts.0", hosts=["com"]),
    secret("eleven hosts", "hosts", hosts=["api.example.com"] * 11),
    secret("a short value", "value", value="canary"),
    secret("a long value", "value", value=CANARY * 300),
    secret("a value of two lines", "value", value=f"{CANARY}\r\nX-Other: y"),
    secret("a value with NUL", "value", value=f"{CANARY}\0"),
    secret("a value in Hangul", "value", value=f"{CANARY}비밀"),
    secret("a number as value", "value", value=20_261_120),
    secret("the header Host", "header", header="Host"),
    secret("the header Transfer-Encoding", "header", header="transfer-encoding"),
    secret("a header of two lines", "header", header="X-A\r\nX-B"),
    secret("a header with an underscore", "header", header="X_Key"),
    secret("a prefix of two lines", "prefix", prefix="a\r\n"),
    secret("an unknown field", "sealed", sealed=CANARY),
    secret("a name that begins with a digit", "name", at="1key"),
    secret("a name of 65 letters", "name", at="k" * 65),
    Row("a secret without value", "PUT", KEY, {"hosts": ["api.example.com"]}, 422, "value"),
    Row("a secret in broken JSON", "PUT", KEY, b'{"value": "' + CANARY.encode(), 400, "body"),
    Row("a secret given twice", "PUT", KEY,
        b'{"value": "%b", "value": "%b"}' % (CANARY.encode(), CANARY.encode()), 400, "value"),
    Row("a secret as text", "PUT", KEY, CANARY.encode(), 415,
        headers=(("Content_Type", "text/plain"),)),
    Row("a secret of 100 KB", "PUT", KEY, {"value": CANARY * 10_000}, 413),
    missing("a secret that is not there", "/api/agents/{agent}/secrets/none"),
    missing("a secret that is not there, deleted", "/api/agents/{agent}/secrets/none", "DELETE"),
    missing("secrets of a deleted agent", "/api/agents/{deleted}/secrets"),
    missing("secrets of somebody else", "/api/agents/{foreign}/secrets"),
]  # fmt: skip
HOOK = "/api/hooks/{hook}"
SENT = str(1_795_176_000)
SECOND_HOOK = "/api/agents/{agent}/hooks/h_nothing"


def message(name: str, status: int, body: bytes | None = b"{}", **headers: str) -> Row:
    return Row(f"a webhook: {name}", "POST", HOOK, body, status, None, tuple(headers.items()))


HOOKS = [
    message("a person's session", 401),
    message("no signature", 401, webhook_id="m", webhook_timestamp=SENT),
    message("a wrong signature", 401, webhook_id="m", webhook_timestamp=SENT, webhook_signature="v1,AAAA"),
    message("another version", 401, webhook_id="m", webhook_timestamp=SENT, webhook_signature="v2,AAAA"),
    message("a signature without version", 401, webhook_id="m", webhook_timestamp=SENT, webhook_signature="AAAA"),
    message("8 kB of signatures", 401, webhook_id="m", webhook_timestamp=SENT, webhook_signature="v1,A " * 1_600),
    message("an old time", 401, webhook_id="m", webhook_timestamp="1", webhook_signature="v1,AAAA"),
    message("a time of words", 401, webhook_id="m", webhook_timestamp="now", webhook_signature="v1,AAAA"),
    message("a time of 400 digits", 401, webhook_id="m", webhook_timestamp="9" * 400, webhook_signature="v1,AAAA"),
    message("an id of 8 kB", 401, webhook_id="m" * 8_192, webhook_timestamp=SENT, webhook_signature="v1,AAAA"),
    message("a wrong bearer", 401, Authorization="Bearer whsec_" + "A" * 43 + "="),
    message("a bearer of accents", 401, Authorization="Bearer \u00e9"),
    message("too large", 413, b"x" * 262_145),
    message("an empty key", 422, Idempotency_Key=""),
    Row("a webhook by another method", "PUT", HOOK, b"{}", 405),
    Row("a webhook read", "GET", HOOK, None, 405),
    missing("an unknown hook", "/api/hooks/h_nothing", "POST"),
    missing("a hook with NUL", "/api/hooks/h%00", "POST"),
    missing("a hook that climbs", "/api/hooks/..%2fagents", "POST"),
    missing("a hook that is not there, rotated", SECOND_HOOK + "/rotate", "POST"),
    missing("a hook that is not there, deleted", SECOND_HOOK, "DELETE"),
    missing("hooks of a deleted agent", "/api/agents/{deleted}/hooks"),
    missing("a hook for a deleted agent", "/api/agents/{deleted}/hooks", "POST"),
    missing("a hook for somebody else's agent", "/api/agents/{foreign}/hooks", "POST"),
    missing("a hook by way of somebody else's agent", "/api/agents/{foreign}/hooks/{hook}", "DELETE"),
    missing("somebody else's webhook secret", "/api/agents/{foreign}/webhook-secret"),
    missing("somebody else's deliveries", "/api/agents/{foreign}/deliveries"),
    query("deliveries with a made-up cursor", "/api/agents/{agent}/deliveries?cursor=abc", "cursor"),
]


def key(name: str, body: Any, field: str | None, status: int = 422) -> Row:
    return Row(f"key: {name}", "POST", "/api/api-keys", body, status, field)


def google(name: str, body: Any, status: int = 422, field: str | None = None) -> Row:
    return Row(f"google: {name}", "POST", "/api/auth/google", body, status, field)


ACCOUNTS = [
    key("no name", {}, "name"),
    key("null", {"name": None}, "name"),
    key("blank name", {"name": " "}, "name"),
    key("a name that shows nothing", {"name": "\u200b\u200e"}, "name"),
    key("a NUL in the name", {"name": "a\0b"}, "name"),
    key("a line end in the name", {"name": "a\r\nSet-Cookie: x"}, "name"),
    key("81 letters", {"name": "가" * 81}, "name"),
    key("a scope nobody has", {"name": "k", "scopes": ["admin"]}, "scopes.0"),
    key("no scope", {"name": "k", "scopes": []}, "scopes"),
    key("scopes as text", {"name": "k", "scopes": "read,write"}, "scopes"),
    key("scopes as a map", {"name": "k", "scopes": {"read": True}}, "scopes"),
    key("a scope in capitals", {"name": "k", "scopes": ["READ"]}, "scopes.0"),
    key("somebody else's", {"name": "k", "userId": "u_1"}, "userId"),
    key("a key of one's own choice", {"name": "k", "key": "oma_x"}, "key"),
    key("an array", b"[]", "body", 400),
    missing("key: delete an unknown one", "/api/api-keys/k_nobody", "DELETE"),
    missing("key: delete a reserved id", "/api/api-keys/__x__", "DELETE"),
    missing("key: delete with a path", "/api/api-keys/..%2f..", "DELETE"),
    missing("key: read one", "/api/api-keys/k_x/secret"),
    google("nothing", {}, 422, "nonce"),
    google("no token", {"nonce": "n"}, 422),
    google("both names", {"credential": "a", "token": "a", "nonce": "n"}, 422),
    google("a number", {"credential": 1, "nonce": "n"}, 422, "credential"),
    google("empty", {"credential": "", "nonce": "n"}, 422, "credential"),
    google("a token of 9 kB", {"credential": "x" * 9_000, "nonce": "n"}, 422, "credential"),
    google("a nonce of 300 letters", {"credential": "x", "nonce": "n" * 300}, 422, "nonce"),
    google("a form's token", {"credential": "x", "nonce": "n", "g_csrf_token": "x"}, 422, "g_csrf_token"),
    google("not set up", {"credential": "x", "nonce": "n"}, 409),
    Row("google: a form post", "POST", "/api/auth/google", b"credential=x", 415, None,
        (("Content-Type", "application/x-www-form-urlencoded"),)),
    Row("google: by GET", "GET", "/api/auth/google", None, 405),
    Row("nonce: by GET", "GET", "/api/auth/nonce", None, 405),
    Row("sign out: everywhere but as a number", "POST", "/api/auth/logout", {"everywhere": 1}, 422, "everywhere"),
    Row("sign out: of somebody", "POST", "/api/auth/logout", {"userId": "u_1"}, 422, "userId"),
    Row("sign out: everywhere=no", "POST", "/api/auth/logout?everywhere=no", None, 422, "everywhere"),
    Row("sign out: another parameter", "POST", "/api/auth/logout?all", None, 422, "all"),
    Row("link: no code", "POST", "/api/auth/link", {}, 422, "code"),
    Row("link: an invented code", "POST", "/api/auth/link", {"code": "x"}, 401),
    Row("account: another plan", "PATCH", "/api/account", {"plan": "admin"}, 422, "plan"),
    Row("account: approved by oneself", "PATCH", "/api/account", {"betaApproved": True}, 422, "betaApproved"),
    Row("account: an address that administers", "PATCH", "/api/account", {"email": "a@example.com"}, 422, "email"),
    Row("account: another session epoch", "PATCH", "/api/account", {"sessionEpoch": 9}, 422, "sessionEpoch"),
    Row("limits: written", "PUT", "/api/account/limits", {}, 405),
]  # fmt: skip


ROWS = [*BODIES, *FIELDS, *FILES, *IDS, *QUERIES, *HEADERS, *SECRETS, *HOOKS, *ACCOUNTS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_bad_input_is_refused_by_name_and_writes_nothing(world: World, row: Row) -> None:
    before = world.api.dump()

    answer = world.send(row.method, row.path, row.body, **dict(row.headers))

    assert answer.status_code == row.status, answer.text
    assert world.api.dump() == before
    assert CANARY not in answer.text
    if row.status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["status"] == row.status
    if row.field is not None:
        fields = [error["field"] for error in answer.json["errors"]]
        assert row.field in fields
        assert all(error["message"] for error in answer.json["errors"])


STORED = [
    ("a name from right to left", {"name": "\u202eevil"}, "name"),
    ("an emoji name", {"name": "🦀" * 80}, "name"),
    ("a prompt that looks like a flag", {"finalPrompt": "--version"}, "finalPrompt"),
    ("a prompt that looks like a command", {"finalPrompt": "/help"}, "finalPrompt"),
    ("a prompt that looks like a file", {"finalPrompt": "@/etc/hostname"}, "finalPrompt"),
    ("a script", {"description": "<script>alert(1)</script>"}, "description"),
    ("a script as link", {"description": "[x](javascript:alert(1))"}, "description"),
    ("a template", {"description": "{{7*7}} ${7*7} #{7*7}"}, "description"),
    ("the longest prompt", {"finalPrompt": "가" * 100_000}, "finalPrompt"),
]


@pytest.mark.parametrize(("name", "fields", "field"), STORED, ids=[name for name, _, _ in STORED])
def test_what_is_odd_but_valid_is_kept_as_it_was_typed(
    world: World, name: str, fields: dict[str, str], field: str
) -> None:
    kept = world.person.agent(**fields)

    assert kept[field] == fields[field]
    assert world.person.get(f"/api/agents/{kept['id']}").json[field] == fields[field]


def test_names_in_either_form_of_unicode_are_the_same(world: World) -> None:
    composed, decomposed = "뉴스", "\u1102\u1172\u1109\u1173"
    assert world.person.agent(name=decomposed)["name"] == composed


def test_hosts_are_kept_in_their_one_normal_form(world: World) -> None:
    allow = ["EXAMPLE.com.", "bücher.example", "*.example.org", "example.com"]

    kept = world.person.agent(network={"allow": allow})

    assert kept["network"]["allow"] == ["example.com", "xn--bcher-kva.example", "*.example.org"]


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 60
    assert len({row.name for row in ROWS}) == len(ROWS)
