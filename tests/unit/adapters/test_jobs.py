"""Runners as processes: slots free themselves, and a process is never taken for another."""

import time

import pytest

from ohmyagent.adapters.local.host import Floor, Host
from ohmyagent.adapters.local.jobs import ProcessJobs, RunnerCommand
from ohmyagent.domain.errors import NoRoom
from ohmyagent.ports import Liveness

ENOUGH = 10**12


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "runner.py"
    path.write_text("import os, sys, time\nprint(dict(os.environ), flush=True)\ntime.sleep(60)\n")
    return path


@pytest.fixture
def jobs_with(tmp_path, program):
    started: list[tuple[ProcessJobs, str]] = []

    def make(memory=ENOUGH, disk=ENOUGH):
        host = Host(tmp_path, Floor(), memory=lambda: memory, disk=lambda: disk)
        jobs = ProcessJobs(RunnerCommand(program, "http://127.0.0.1:1", tmp_path), tmp_path / "slots", 2, host)
        launch = jobs.launch

        def noted(launch_id, nonce, tasks):
            handle = launch(launch_id, nonce, tasks)
            started.append((jobs, handle))
            return handle

        jobs.launch = noted
        return jobs

    yield make
    for jobs, handle in started:
        for index in range(len(handle.split(","))):
            jobs.stop(handle, index)


def until(condition) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_runner_lives_until_it_is_stopped(jobs_with):
    jobs = jobs_with()
    handle = jobs.launch("l", "n", 1)
    assert jobs.probe(handle, 0) is Liveness.ALIVE
    jobs.stop(handle, 0)
    until(lambda: jobs.probe(handle, 0) is Liveness.GONE)
    jobs.stop(handle, 0)


def test_slots_are_limited_and_free_again_when_the_runner_is_gone(jobs_with):
    jobs = jobs_with()
    handle = jobs.launch("l", "n", 2)
    with pytest.raises(NoRoom):
        jobs.launch("m", "n", 1)
    jobs.stop(handle, 0)
    until(lambda: jobs.probe(handle, 0) is Liveness.GONE)
    assert jobs.launch("m", "n", 1)


def test_another_platform_on_the_same_folder_sees_the_slots_taken(jobs_with):
    jobs_with().launch("l", "n", 2)
    with pytest.raises(NoRoom):
        jobs_with().launch("m", "n", 1)


def test_too_few_slots_start_nothing_at_all(jobs_with):
    jobs = jobs_with()
    jobs.launch("l", "n", 1)
    with pytest.raises(NoRoom):
        jobs.launch("m", "n", 2)
    assert jobs.launch("o", "n", 1)


def test_a_later_process_with_the_same_number_is_not_taken_for_the_runner(jobs_with):
    jobs = jobs_with()
    pid, _, start = jobs.launch("l", "n", 1).partition(":")
    other = f"{pid}:{int(start) + 1}"
    assert jobs.probe(other, 0) is Liveness.GONE
    jobs.stop(other, 0)
    assert jobs.probe(f"{pid}:{start}", 0) is Liveness.ALIVE


@pytest.mark.parametrize("said", ["abc", "exec-1/1", "0:1", "-1:1", "1", ":", "9" * 30 + ":1", "1:2,3"])
def test_what_names_no_process_is_not_known_and_stops_nothing(jobs_with, said):
    jobs = jobs_with()
    assert jobs.probe(said, 1) is Liveness.UNKNOWN
    jobs.stop(said, 1)


def test_a_runner_that_was_gone_before_anybody_looked_is_gone(jobs_with):
    jobs = jobs_with()
    assert jobs.probe("999999999:", 0) is Liveness.GONE
    jobs.stop("999999999:", 0)


def test_a_runner_inherits_nothing_of_the_platforms_environment(jobs_with, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary")
    jobs_with().launch("l", "n", 1)
    log = tmp_path / "slots" / "0.log"
    until(lambda: "OMA_LAUNCH_NONCE" in log.read_text())
    assert "canary" not in log.read_text()


@pytest.mark.parametrize("short", [{"memory": 2**28}, {"disk": 2**28}])
def test_below_the_floor_nothing_is_started(jobs_with, short):
    with pytest.raises(NoRoom):
        jobs_with(**short).launch("l", "n", 1)
