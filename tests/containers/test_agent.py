"""Agents in a container of the image: both strategies, what an agent may try in each, and what is left afterwards."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from pathlib import Path

from ohmyagent.runner import inside
from tests import fake_platform
from tests.containers import place
from tests.containers.place import Container
from tests.isolation import probes
from tests.isolation.harness import bash
from tests.isolation.probes import Probe
from tests.isolation.test_toolbox import SALES, TEXT, workbook

TOOLS = Path(place.REPOSITORY) / "tests" / "isolation" / "tools"
CANARY = {"CANARY_KEY": "CANARY-in-the-environment"}
DENIED = r"Permission denied|not permitted|EACCES|EPERM"
CONNECT = (
    'python3 -c "import socket; s = socket.socket(socket.AF_INET{six}, socket.SOCK_{kind}); s.settimeout(2); '
    "s.connect(('{host}', {port})); print('CONNECTED')\" 2>&1 | tail -1"
)


def connect(host: str, port: int, kind: str = "STREAM", six: str = "") -> str:
    return CONNECT.format(host=host, port=port, kind=kind, six=six)


RESTRICTED = [
    Probe("the supervisor's environment", "cat /proc/[0-9]*/environ 2>&1 | tr '\\0' '\\n'", DENIED, never="CANARY"),
    Probe(
        "secrets in what processes show",
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '",
        "ANTHROPIC_AUTH_TOKEN",
        never=f"CANARY|{fake_platform.TOKEN}|{fake_platform.NONCE}",
    ),
    Probe("the supervisor's memory", "for p in /proc/[0-9]*; do head -c1 $p/mem; done 2>&1", DENIED),
    Probe("the supervisor's files and descriptors", "ls /proc/1/fd /proc/1/root /srv /root /var 2>&1", DENIED),
    Probe("signals to the supervisor", "kill -9 1; for p in $(ls /proc | grep -E '^[0-9]+$'); do "
          "[ $(stat -c %u /proc/$p) = 0 ] && kill -9 $p; done 2>&1; echo end", DENIED),
    Probe("more rights", "grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status; su -c id 2>&1; id -u",
          r"(?s)(?:0000000000000000.*){5}70000"),
    Probe("writing where the system is", "for at in / /etc /usr /opt /dev /var/tmp /run /proc; do touch $at/x; done "
          "2>&1; true", rf"(?s)(?:(?:{DENIED}|No such file).*){{8}}"),
    Probe("swapping the CLI", "rm /opt/claude; ln -sf /bin/true /opt/claude; echo x > /opt/inside.py; true", DENIED),
    Probe("the platform's own API", connect(place.HERE, 80), DENIED, never="CONNECTED"),
    Probe("a host on the wire, on the proxy's port", connect(place.HERE, 3128), "timed out|unreach", never="CONNECTED"),
    Probe("the metadata server", connect("169.254.169.254", 80), DENIED, never="CONNECTED"),
    Probe("another port of loopback", connect("127.0.0.1", 80), DENIED, never="CONNECTED"),
    Probe("UDP", connect(place.HERE, 53, "DGRAM"), DENIED, never="CONNECTED"),
    Probe("IPv6", connect("::1", 80, six="6"), "not supported", never="CONNECTED"),
    Probe("raw sockets", connect(place.HERE, 0, "RAW"), DENIED, never="CONNECTED"),
    Probe("connecting by sending", "python3 -c \"import socket; s = socket.socket(); s.sendto(b'x', "
          f"socket.MSG_FASTOPEN, ('{place.HERE}', 80)); print('CONNECTED')\" 2>&1 | tail -1", DENIED,
          never="CONNECTED"),
    Probe("untying a socket from loopback", "python3 -c \"import socket; s = socket.socket(); "
          "s.setsockopt(1, 25, b'')\" 2>&1 | tail -1; python3 -c \"import socket; print(socket.socket()"
          ".getsockopt(1, 25, 16))\"", rf"(?s)(?:{DENIED}).*b'lo"),
    Probe("another protocol than TCP", "python3 -c \"import socket; socket.socket(2, 1, 262)\" 2>&1 | tail -1", DENIED),
    Probe("listening", "python3 -c \"import socket; socket.socket().bind(('0.0.0.0', 8000))\" 2>&1 | tail -1", DENIED),
]  # fmt: skip


LOOK = """
import os, signal, time
def status(pid):
    try:
        return open(f"/proc/{pid}/status").read()
    except OSError:
        return ""
def agents():
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and "Uid:\\t70000" in status(pid)
            and "State:\\tZ" not in status(pid)]
def shown(pid):
    try:
        return open(f"/proc/{pid}/cmdline").read().replace("\\0", " ")
    except OSError:
        return ""
"""
KILL = """
while not any("time.sleep(66)" in shown(pid) for pid in agents()):
    time.sleep(0.05)
print(len(agents()))
for pid in os.listdir("/proc"):
    if pid.isdigit() and shown(pid).startswith("/usr/bin/python3 /srv/jobs/agent-runner/main.py"):
        os.kill(int(pid), signal.SIGKILL)
time.sleep(1)
print(len(agents()))
"""


def answers(container: Container, tried: list[Probe]) -> dict[str, str]:
    steps = [bash(probe.command) for probe in tried]
    files = [(tool.name, tool.read_bytes()) for tool in TOOLS.iterdir() if tool.is_file()]
    run = container.agent(*steps, files=files, environment=CANARY, timeoutSeconds=100)
    assert run.report["outcome"] == "succeeded", run.report["error"]
    return dict(zip([probe.name for probe in tried], run.outputs(), strict=True))


def failing(tried: list[Probe], said: dict[str, str]) -> dict[str, str]:
    """What each probe printed that did not print what it should."""
    return {
        probe.name: said[probe.name]
        for probe in tried
        if not re.search(probe.expected, said[probe.name], re.MULTILINE)
        or (probe.never and re.search(probe.never, said[probe.name], re.MULTILINE))
    }


def test_the_strongest_strategy_that_the_container_allows_does_the_job(either: Container, confined: Container) -> None:
    run = either.agent(bash("mkdir output; cat input.txt | tr a-z A-Z > output/report.md"), input="a message")
    report = run.report
    assert report["outcome"] == "succeeded", report["error"]
    restricted = either is confined
    assert report["sandbox"]["strategy"] == ("restricted" if restricted else "bubblewrap")
    assert report["sandbox"]["network"] == ("loopback" if restricted else "namespace")
    assert [file["path"] for file in report["artifacts"]] == ["report.md"]
    assert run.platform.files[report["artifacts"][0]["sha256"]] == b"A MESSAGE"


def test_nothing_comes_of_what_an_agent_tries_under_restrictions(confined: Container) -> None:
    assert failing(RESTRICTED, answers(confined, RESTRICTED)) == {}


def test_no_system_call_that_is_closed_on_a_host_is_open_in_a_container(either: Container) -> None:
    tried = [probe for probe in probes.CALLS if "{" not in probe.command]
    assert len(tried) > 10
    assert failing(tried, answers(either, tried)) == {}


def test_a_workbook_is_read_and_a_chart_with_hangul_has_no_missing_glyph(either: Container) -> None:
    files = [("매출.xlsx", workbook(SALES))] + [
        (name, (TOOLS / name).read_bytes()) for name in ("charts.py", "glyphs.py")
    ]
    read = bash("python3 -c \"import pandas; print(pandas.read_excel('매출.xlsx')['매출'].sum())\"")
    draw = bash("mkdir output; python3 -W error charts.py 2>&1; echo $?")
    run = either.agent(read, draw, bash(f"python3 glyphs.py {TEXT}"), files=files)
    assert run.outputs() == ["295", "0", "boxes:"]
    assert len(run.report["artifacts"]) == 3


def test_nothing_is_left_of_a_run(confined: Container) -> None:
    hide = bash("setsid nohup sleep 1000 > /dev/null 2>&1 & (setsid sleep 1001 &) ; touch /tmp/left /dev/shm/left")
    during = bash("sleep 0.5; ls /tmp/left; cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    run = confined.agent(hide, during)
    assert run.report["outcome"] == "succeeded"
    assert re.search(r"/tmp/left[\s\S]*sleep 1000", run.outputs()[1])
    assert confined.run("/usr/bin/python3", "-c", f"{LOOK}\nprint(agents())").stdout == "[]\n"
    assert confined.run("find", "/tmp", "/dev/shm", "/workspace", "/home/agent", "-mindepth", "1").stdout == ""


def test_an_agent_ends_within_1_s_of_its_killed_supervisor(confined: Container) -> None:
    found: list[str] = []
    kill = ["/usr/bin/python3", "-c", f"{LOOK}\n{KILL}"]
    killer = threading.Thread(target=lambda: found.append(confined.run(*kill).stdout))
    killer.start()
    run = confined.agent(bash("sleep 0.5; python3 -c 'import time; time.sleep(66)'"))
    killer.join(place.SECONDS)
    before, after = found[0].split()
    assert int(before) >= 2
    assert after == "0"
    assert run.runner.returncode == 137
    assert run.platform.finished == []


def test_a_greedy_process_is_ended_and_its_run_goes_on(confined: Container) -> None:
    greedy = bash("python3 -c \"x = bytearray(1500 << 20); print('HAD', 'IT')\"; echo $?")
    run = confined.agent(greedy, bash("echo still here"))
    assert run.report["sandbox"]["limits"]["memory"] == "container"
    assert "HAD IT" not in run.outputs()[0]
    assert run.outputs()[1] == "still here"


def test_a_fork_bomb_and_a_full_disk_end_at_their_limits(confined: Container) -> None:
    forks = bash("python3 -c \"import os,time\nn=0\ntry:\n while True:\n  if not os.fork(): time.sleep(5); os._exit(0)"
                 "\n  n+=1\nexcept OSError: print(n < 64, n > 10)\"")  # fmt: skip
    assert confined.agent(forks).outputs() == ["True True"]
    fill = bash("for n in 1 2 3 4; do head -c 200M /dev/zero > f$n; done; sleep 5; echo WROTE ALL")
    run = confined.agent(fill)
    assert (run.report["outcome"], run.report["errorCode"]) == ("failed", "disk")


def test_a_metadata_server_that_answers_is_seen_and_restrictions_keep_it_out(network: str, confined: Container) -> None:
    name = Path(network).name
    place.ip("-n", name, "address", "add", "169.254.169.254/32", "dev", "lo")
    command = ["ip", "netns", "exec", name]
    server = subprocess.Popen([*command, "/usr/bin/python3", "-m", "http.server", "--bind", "169.254.169.254", "80"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        time.sleep(1.5)
        code = f"import runpy; print(runpy.run_path({inside.__file__!r})['opened_door']())"
        seen = subprocess.run([*command, "/usr/bin/python3", "-c", code], capture_output=True, text=True, check=False)
        report = confined.agent(bash("true")).report
    finally:
        server.kill()
        server.wait()
        place.ip("-n", name, "address", "delete", "169.254.169.254/32", "dev", "lo")
    assert "169.254.169.254" in seen.stdout, seen.stderr
    assert report["outcome"] == "succeeded"
    assert report["sandbox"]["strategy"] == "restricted"
