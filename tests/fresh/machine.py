"""A Debian on which nothing is installed but Python, make, git and certificates."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / ".tools" / "debian"
ENTER = Path(__file__).with_name("enter.sh")
SUITE = "bookworm"
PACKAGES = "python3,python3-venv,make,git,ca-certificates"

# How this machine reaches the package indexes; a new machine would have its own way.
CONFIGURATION = [
    "/etc/pip.conf",
    "/etc/npmrc",
    "/etc/apt/apt.conf.d",
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/usr/local/share/ca-certificates",
    "~/.config/pip/pip.conf",
    "~/.pip/pip.conf",
    "~/.npmrc",
]
VARIABLES = ("PIP_", "NPM_CONFIG_", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class Machine:
    """One root folder, entered as root with /root as home."""

    root: Path

    def run(self, command: str, **environment: str) -> int:
        """Run a shell command to its end, its output going where ours goes; the exit code."""
        return self.start(command, **environment).wait()

    def beside(self, pid: int, command: str) -> str:
        """What a shell command prints in the namespaces of a process that runs here."""
        enter = ["nsenter", f"--target={pid}", "--mount", "--pid", "--root", "/bin/bash", "-c", command]
        return subprocess.run(enter, env=self._environment({}), stdout=subprocess.PIPE, text=True, check=True).stdout

    def start(self, command: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(command), env=self._environment(environment), stdin=subprocess.DEVNULL, text=True
        )

    def _command(self, command: str) -> Sequence[str]:
        return [str(ENTER), str(self.root), "/bin/bash", "-c", command]

    def _environment(self, more: Mapping[str, str]) -> Mapping[str, str]:
        carried = {name: value for name, value in os.environ.items() if name.startswith(VARIABLES)}
        carried |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {**carried, "PATH": path, "HOME": "/root", "LANG": "C.UTF-8", **more}


def new(folder: Path) -> Machine:
    """A machine that was never used, with a clone of this repository's HEAD in /root/oh-my-agent."""
    if not (BASE / "etc/debian_version").exists():
        _bootstrap()
    subprocess.run(["cp", "-a", "--reflink=auto", str(BASE), str(folder)], check=True)
    _configure(folder)
    machine = Machine(folder)
    if machine.run("update-ca-certificates >/dev/null 2>&1"):
        raise RuntimeError("the certificates could not be set up")
    clone = folder / "root/oh-my-agent"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", ROOT.as_uri(), str(clone)], check=True)
    return machine


def process(parent: int, *words: str) -> int:
    """The process below another whose command line holds all the words.  Raises LookupError when there is none."""
    for pid in _below(parent):
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        if all(any(part.endswith(word) for part in line) for word in words):
            return pid
    raise LookupError(f"no process {words} below {parent}")


def stop(started: subprocess.Popen[str]) -> None:
    """End what was started and all below it, which `--kill-child` takes along."""
    if started.poll() is None:
        started.send_signal(signal.SIGKILL)
        started.wait()
        time.sleep(0.5)


def _bootstrap() -> None:
    new = BASE.with_name("debian.new")
    shutil.rmtree(new, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(new)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    new.rename(BASE)


def _configure(root: Path) -> None:
    for name in CONFIGURATION:
        source = Path(name).expanduser()
        target = root / source.relative_to("/") if name.startswith("/") else root / "root" / name.removeprefix("~/")
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(source, target)


def _below(parent: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in map(int, children):
        yield child
        yield from _below(child)
