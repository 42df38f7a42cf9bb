"""What is measured side by side: each a process on core 0, stopped while another one is measured."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.proxying.ours import RUNS, token

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bench" / "litellm"
LITELLM = "1.106.0"
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header x-api-key k;
    proxy_buffering off; }} }}
}}
"""
LITELLM_CONFIG = """
model_list:
  - model_name: claude-sonnet-5-5
    litellm_params: {{model: anthropic/claude-sonnet-5-5, api_base: "http://127.0.0.1:{upstream}", api_key: k}}
general_settings: {{master_key: {key}}}
"""


@dataclass
class Contender:
    """`process` None is the upstream itself, asked directly."""

    name: str
    port: int
    process: subprocess.Popen[bytes] | None
    tokens: list[str] = field(default_factory=lambda: ["x0.none"])

    def pids(self) -> list[int]:
        return [] if self.process is None else [self.process.pid, *_children(self.process.pid)]

    def cpu(self) -> float:
        """CPU seconds of the process and its children so far."""
        return sum(_cpu(pid) for pid in self.pids())

    def signal(self, number: int) -> None:
        for pid in self.pids():
            os.kill(pid, number)

    @contextmanager
    def awake(self) -> Iterator[None]:
        self.signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.signal(signal.SIGSTOP)

    def end(self) -> None:
        if self.process is not None:
            self.signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def started(command: list[str], port: int, core: int, seconds: float = 20, **more: str) -> subprocess.Popen[bytes]:
    """The process, once it listens."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more
    pinned = ["taskset", "-c", str(core), *command]
    process = subprocess.Popen(pinned, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    process.kill()
    raise RuntimeError(f"{command[0]} does not listen")


def upstream(core: int) -> tuple[int, subprocess.Popen[bytes]]:
    port = free_port()
    return port, started([sys.executable, "-m", "bench.proxying.upstream", str(port)], port, core)


def ours(folder: Path, upstream: int, mode: str) -> Contender:
    port, own = free_port(), folder / mode
    own.mkdir()
    url = f"http://127.0.0.1:{upstream}"
    command = [sys.executable, "-m", "bench.proxying.ours", str(port), url, str(own), mode]
    names = {"metered": "ours: token, reservation, settlement", "bare": "ours: bare forwarding"}
    return Contender(names[mode], port, started(command, port, 0), [token(number) for number in range(RUNS)])


def nginx(folder: Path, upstream: int) -> Contender | str:
    """The contender, or why there is none."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        return "nginx is not installed (apt install nginx-light): left out"
    port, config = free_port(), folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, upstream=upstream, port=port))
    command = [program, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
    return Contender("nginx, 1 worker", port, started(command, port, 0))


def litellm(folder: Path, upstream: int) -> Contender | str:
    """The contender, or why there is none.  Installed into a virtual environment of its own at first."""
    program = TOOLS / "bin" / "litellm"
    if not program.exists():
        print(f"installing LiteLLM {LITELLM} into {TOOLS.relative_to(ROOT)} …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", TOOLS], check=True)
        installed = subprocess.run([TOOLS / "bin" / "pip", "install", "-q", f"litellm[proxy]=={LITELLM}"])
        if installed.returncode or not program.exists():
            return f"LiteLLM {LITELLM} could not be installed: left out"
    port, config = free_port(), folder / "litellm.yaml"
    key = f"sk-{secrets.token_hex(24)}"
    config.write_text(LITELLM_CONFIG.format(upstream=upstream, key=key))
    command = [str(program), "--config", str(config), "--port", str(port), "--host", "127.0.0.1"]
    offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
    try:
        process = started(command, port, 0, seconds=180, **offline)
    except RuntimeError:
        return f"LiteLLM {LITELLM} did not start: left out"
    return Contender(f"LiteLLM {LITELLM}: token", port, process, [key])


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [child for name in text.split() for child in (int(name), *_children(int(name)))]


def _cpu(pid: int) -> float:
    """In nanoseconds where `stat` has hundredths of a second, summed over the threads that live."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
