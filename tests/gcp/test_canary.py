"""In gcp mode, too, nothing that a person wrote or may sign in with is in any log of a function, service or runner."""

import contextlib
import json
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.gcp.cloud import Cloud
from tests.scripted import bash, script

pytestmark = [pytest.mark.emulator, pytest.mark.sandbox]

MARKS = {name: f"canary{number}x7b3e" for number, name in enumerate(
    ("prompt", "name", "input", "secret", "upload", "result", "chat", "query", "refused", "path", "token", "key",
     "hook", "header")
)}  # fmt: skip
ADDRESS = "canary90@example.com"


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(HTTPError) as error:
        call()
    error.value.close()


def given(cloud: Cloud, name: str) -> None:
    """A file for a conversation."""
    body = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}.csv"\r\n\r\n{name}\r\n--b--\r\n'
    sent = {"Authorization": f"Bearer {cloud.token}", "Content-Type": "multipart/form-data; boundary=b"}
    url = f"http://127.0.0.1:{cloud.street.port}/agents/api/uploads"
    with urlopen(Request(url, body.encode(), sent, method="POST"), timeout=60) as answer:
        assert answer.status == 201


def use(cloud: Cloud) -> None:
    """Whatever a person can write somewhere, sound and unsound."""
    answer = script(bash("cat input.txt"), {"text": MARKS["result"]})
    agent = cloud.agent(
        name=MARKS["name"], finalPrompt=f"{answer} {MARKS['prompt']}", network={"allow": ["api.example.com"]}
    )
    path = f"/api/agents/{agent['id']}"
    secret = {"value": f"{MARKS['secret']}-long", "hosts": ["api.example.com"]}
    cloud.ask("agents", "PUT", f"{path}/secrets/key", secret)
    given(cloud, MARKS["upload"])
    hook = cloud.ask("agents", "POST", f"{path}/hooks")
    ended = cloud.until(cloud.request(agent, input=MARKS["input"])["id"])
    assert (ended["status"], ended["result"]) == ("succeeded", MARKS["result"]), ended
    cloud.ask("agents", "GET", f"/api/agents?q={MARKS['query']}", X_Forwarded_For="203.0.113.77")
    refused(lambda: cloud.ask("agents", "POST", "/api/agents", {"name": MARKS["refused"], "finalPrompt": 7}))
    refused(lambda: cloud.ask("agents", "GET", f"/api/nothing/{MARKS['path']}"))
    cloud.ask("auth", "GET", f"/api/auth/validate/{MARKS['token']}")
    refused(lambda: cloud.ask("account", "GET", "/api/account", Authorization=f"Bearer oma_{MARKS['key']}"))
    refused(lambda: cloud.ask("auth", "POST", "/api/auth/google", {"credential": MARKS["token"], "nonce": ADDRESS}))
    refused(lambda: cloud.ask("hooks", "POST", f"/api/hooks/{hook['id']}", {"a": MARKS["hook"]}, Authorization="x"))
    refused(lambda: cloud.ask("agents", "GET", "/api/agents", If_Match=MARKS["header"], Authorization=MARKS["header"]))
    said = {"message": MARKS["chat"], "clientMessageId": "c1"}
    with contextlib.suppress(HTTPError):  # what the model answers does not matter here
        cloud.ask("chat", "POST", "/api/conversation", said)


def test_no_mark_is_in_any_log_of_the_cloud(cloud: Cloud) -> None:
    use(cloud)

    logs = {path.stem: path.read_text(errors="replace") for path in cloud.folder.glob("*.log")}
    logs.pop("emulator")  # Google's own, which there is none of in the cloud
    text = "\n".join(logs.values())
    lines = [json.loads(line) for line in logs["agents"].splitlines() if line.startswith("{")]
    assert sum(line.get("message") == "request" for line in lines) > 5, "the log was written, or this proves nothing"
    found = {name for name, mark in (MARKS | {"address": ADDRESS, "peer": "203.0.113.77"}).items() if mark in text}
    assert found == set()
    assert cloud.token not in text
    assert "test-key" not in text
