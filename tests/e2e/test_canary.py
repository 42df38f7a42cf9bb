"""Nothing that a person wrote, named or entrusted is in any log: a mark in each of them, looked for in all of it."""

import time
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest

from tests.fake_anthropic import FakeAnthropic
from tests.mail_server import MailServer
from tests.platform_process import HTTPError, PlatformProcess
from tests.scripted import bash, script

pytestmark = pytest.mark.sandbox

MARKS = {name: f"canary{number}x91c7" for number, name in enumerate(
    ("prompt", "name", "input", "secret", "file", "upload", "artifact", "output", "result", "feedback", "chat", "title",
     "query", "refused", "key")
)}  # fmt: skip
ADDRESSES = {"owner": "canary80@example.com", "admin": "canary81@example.com", "bounced": "canary82@example.com"}


def form(platform: PlatformProcess, path: str, name: str, body: str) -> None:
    edge = "edge0000"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    data = f"{head}{body}\r\n--{edge}--\r\n".encode()
    kind = f"multipart/form-data; boundary={edge}"
    sent = {"Authorization": f"Bearer {platform.key}", "Content-Type": kind}
    with urlopen(Request(platform.url + path, data, sent, method="POST"), timeout=30) as answer:
        assert answer.status == 201


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(HTTPError) as error:
        call()
    error.value.close()


def use(platform: PlatformProcess) -> None:
    """Everything that a person can write somewhere, and a run that writes, too."""
    answer, output = script(
        bash(f"mkdir -p output && echo {MARKS['output']} | tee output/{MARKS['artifact']}.txt; cat input.txt"),
        {"text": MARKS["result"]},
    ), MARKS["prompt"]  # fmt: skip
    agent = platform.agent(
        name=MARKS["name"], finalPrompt=f"{answer} {output}", network={"allow": ["api.example.com"]},
        notify={"email": "always"},
    )  # fmt: skip
    path = f"/api/agents/{agent['id']}"
    platform.ask("PUT", f"{path}/secrets/key", {"value": f"{MARKS['secret']}-long", "hosts": ["api.example.com"]})
    form(platform, f"{path}/files", f"{MARKS['file']}.csv", "a")
    form(platform, "/api/uploads", f"{MARKS['upload']}.csv", "a,b")
    ended = platform.until(platform.run(agent, MARKS["input"])["id"], seconds=120)
    assert ended["status"] == "succeeded", ended
    platform.ask("POST", "/api/feedback", {"text": MARKS["feedback"], "place": MARKS["title"]})
    platform.ask("POST", "/api/admin/bounces", {"address": ADDRESSES["bounced"]})
    platform.ask("GET", f"/api/agents?q={MARKS['query']}")
    refused(lambda: platform.ask("POST", "/api/agents", {"name": MARKS["refused"], "finalPrompt": 7}))
    refused(lambda: platform.ask("GET", f"/api/beta/decisions/{MARKS['key']}"))
    refused(lambda: platform.ask("GET", f"/api/nothing/{MARKS['key']}"))
    try:
        platform.ask("POST", "/api/conversation", {"message": MARKS["chat"], "clientMessageId": "c1"})
    except HTTPError as error:
        error.close()


def test_no_mark_is_in_any_log(launch: Callable[..., PlatformProcess], upstream: FakeAnthropic) -> None:
    with MailServer() as server:
        platform = launch(
            ANTHROPIC_BASE_URL=upstream.url, ANTHROPIC_API_KEY="test-key", SMTP_URL=server.url,
            MAIL_FROM="agent@example.com", MAIL_TO=ADDRESSES["owner"], ADMIN_EMAILS=ADDRESSES["admin"],
        )  # fmt: skip
        use(platform)
        deadline = time.monotonic() + 60
        while not (server.post.letters and "mail mail=" in platform.log.read_text(errors="replace")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        platform.stop()

    logs = {path: path.read_text(errors="replace") for path in [platform.log, *platform.data.rglob("*.log")]}
    text = "\n".join(logs.values())
    assert text.count("request method=") > 15, "the log was written, or this proves nothing"
    assert "mail mail=" in text
    found = {name for name, mark in (MARKS | ADDRESSES).items() if mark in text}
    assert found == set()
    assert platform.key not in text
    assert "test-key" not in text
