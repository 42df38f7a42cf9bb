"""How long from an accepted request to the CLI's first byte at the model, beside the bare CLI in the same run.

Usage: python -m bench.launch [runs]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.machine import table
from ohmyagent.runner.installation import Installation, default_home
from tests.fake_anthropic import FakeAnthropic
from tests.platform_process import PlatformProcess
from tests.scripted import script

RUNS = 9


def first_request(fake: FakeAnthropic, seen: int) -> dict:
    """The first model request after `seen` records; waits for it."""
    while True:
        new = [r for r in fake.requests[seen:] if r.get("path", "").startswith("/v1/messages")]
        if new:
            return new[0]
        time.sleep(0.001)


def platform_run(platform: PlatformProcess, agent: dict, fake: FakeAnthropic) -> tuple[float, int]:
    """Seconds from the request to the first byte at the model, and the size of that first request."""
    seen, asked = len(fake.requests), time.time()
    execution = platform.run(agent)
    first = first_request(fake, seen)
    platform.until(execution["id"])
    return first["t"] - asked, first["bytes"]


def bare_run(claude: str, fake: FakeAnthropic, folder: str) -> float:
    """The same CLI without platform and sandbox: seconds from spawn to the first byte."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8", "ANTHROPIC_BASE_URL": fake.url,
        "ANTHROPIC_AUTH_TOKEN": "bare", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1",
    }  # fmt: skip
    message = {"role": "user", "content": [{"type": "text", "text": script({"text": "ok"})}]}
    line = json.dumps({"type": "user", "message": message, "client_composed": True})
    flags = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--model"]
    lean = ["--setting-sources=", "--strict-mcp-config", "--disable-slash-commands", "--no-session-persistence"]
    command = [claude, *flags, "claude-haiku-5-5", *lean, "--tools", "Bash,Read,Write,Edit"]
    seen, asked = len(fake.requests), time.time()
    subprocess.run(command, input=line.encode(), env=environment, cwd=folder, capture_output=True, check=True)
    return first_request(fake, seen)["t"] - asked


def main(runs: int = RUNS) -> None:
    claude = Installation.at(str(default_home())).claude
    with FakeAnthropic() as fake, tempfile.TemporaryDirectory() as folder:
        environment = {"ANTHROPIC_BASE_URL": fake.url, "ANTHROPIC_API_KEY": "bench"}
        platform = PlatformProcess(Path(folder) / "data", environment).start()
        try:
            agent = platform.agent(finalPrompt=script({"text": "ok"}))
            platform_run(platform, agent, fake)
            bare_run(claude, fake, folder)
            pairs = [(platform_run(platform, agent, fake), bare_run(claude, fake, folder)) for _ in range(runs)]
        finally:
            platform.end()
    ours, bare = median(p[0][0] for p in pairs), median(p[1] for p in pairs)
    rows = [
        ("bare CLI, spawn to first byte", f"{bare * 1000:.0f} ms", "1.00"),
        ("request accepted to first byte", f"{ours * 1000:.0f} ms", f"{ours / bare:.2f}"),
    ]
    table(f"Launch, median of {runs} (goal: 600 ms)", ("path", "time", "ratio"), rows)
    print(f"  first request: {pairs[0][0][1]:,} bytes (goal: 17,000)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
