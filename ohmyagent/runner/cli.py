"""How the Claude CLI is called: its arguments, its whole environment, and what it reads from standard input.

Every flag and variable here was chosen by measurement of CLI 2.1.327; none may be dropped without trying it.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from ohmyagent.runner import answer, toolbox
from ohmyagent.runner.protocol import Spec

PROGRAM = "/opt/claude"
SYSTEM_PROMPT = "/opt/system-prompt.txt"
GATEWAY_SOCKET = "/run/gateway.sock"
PROXY_PORT = 3128

# Four retries (0.5 s, doubling) on top of the relay's own patience outlive a restart of the platform.
_FIXED_ENVIRONMENT = {
    "PATH": toolbox.PATH,
    "HOME": "/home/agent",
    "TMPDIR": "/tmp",  # noqa: S108 - the sandbox's own tmpfs
    "LANG": "C.UTF-8",
    "SHELL": "/bin/bash",
    "ANTHROPIC_UNIX_SOCKET": GATEWAY_SOCKET,
    "API_TIMEOUT_MS": "120000",
    "CLAUDE_CODE_MAX_RETRIES": "4",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    "CLAUDE_CODE_DISABLE_FILE_MENTIONS": "1",
    "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",
    "DISABLE_AUTOUPDATER": "1",
    **toolbox.ENVIRONMENT,
}


def command(spec: Spec) -> list[str]:
    """The argument vector inside the sandbox.  It holds nothing secret and nothing that a user wrote.

    `--setting-sources=` keeps files planted in the workspace from configuring the CLI; `--max-budget-usd` is left
    out, because the CLI prices models that it does not know as the dearest one: the gateway holds the budget.
    """
    tools = ",".join(spec.tools)
    return [
        PROGRAM, "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
        "--model", spec.model, "--max-turns", str(spec.max_turns),
        "--tools", tools, "--allowedTools", tools, "--permission-mode", "dontAsk", "--permission-prompts", "none",
        "--setting-sources=", "--strict-mcp-config", "--disable-slash-commands", *_persistence(spec),
        "--settings", '{"skipWebFetchPreflight":true}', "--system-prompt-file", SYSTEM_PROMPT,
        "--json-schema", answer.SCHEMA,
    ]  # fmt: skip


def _persistence(spec: Spec) -> list[str]:
    """A run keeps no record of its own but in a conversation, whose instructions may have changed since it began."""
    if spec.session is None:
        return ["--no-session-persistence"]
    if spec.session.record is None:
        return ["--session-id", spec.session.id]
    return [f"--resume={spec.session.id}", "--system-prompt-snapshot", "off"]


def environment(spec: Spec) -> dict[str, str]:
    """The CLI's whole environment; the model token is its only secret, and it dies with the run."""
    proxy = f"http://127.0.0.1:{PROXY_PORT}"
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    traced = {"ANTHROPIC_CUSTOM_HEADERS": f"traceparent: {spec.traceparent}"} if spec.traceparent else {}
    return {
        **_FIXED_ENVIRONMENT,
        **proxies,
        **traced,
        "ANTHROPIC_BASE_URL": base_url(spec.gateway_url),
        "ANTHROPIC_AUTH_TOKEN": spec.model_token,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": spec.small_model,
    }


def base_url(gateway_url: str) -> str:
    """Plain HTTP on the unix socket: the path of the gateway, and its host where a TLS front needs the name."""
    gateway = urlsplit(gateway_url)
    host = gateway.netloc if gateway.scheme == "https" else "gateway"
    return f"http://{host}{gateway.path}"


def first_message(prompt: str) -> bytes:
    """One line of stream-json.  `client_composed` keeps `/commands` and `@files` in the text plain text."""
    content = [{"type": "text", "text": prompt}]
    line = {"type": "user", "message": {"role": "user", "content": content}, "client_composed": True}
    return json.dumps(line).encode() + b"\n"


def interrupt() -> bytes:
    """Asks the CLI to stop and to report what it used; it answers with a result line within about 0.1 s."""
    line = {"type": "control_request", "request_id": "stop", "request": {"subtype": "interrupt"}}
    return json.dumps(line).encode() + b"\n"
