"""The main job with nothing replaced but the model: the real CLI, in the real sandbox, through the real gateway."""

import json
import time

import pytest

from tests.platform_process import HTTPError
from tests.scripted import bash, script, until_event

pytestmark = pytest.mark.sandbox


def test_an_agent_writes_a_report_and_its_cost_is_what_the_gateway_saw(scripted, upstream):
    steps = (bash("mkdir -p output && echo '# 보고' > output/report.md"), {"text": "보고서를 **썼습니다**."})
    agent = scripted.agent(finalPrompt=script(*steps, **{"in": 1000, "out": 50}))
    ended = scripted.until(scripted.run(agent)["id"])
    assert (ended["status"], ended["result"]) == ("succeeded", "보고서를 **썼습니다**.")
    assert ended["tokenUsage"] == {"input": 2000, "output": 100, "cacheRead": 0, "cacheWrite": 0}
    assert ended["costMicroUsd"] == 2 * (1000 // 10 + 50 // 2)
    assert [file["path"] for file in ended["artifacts"]] == ["report.md"]
    calls = [request for request in upstream.requests if request.get("path", "").startswith("/v1/messages")]
    assert len(calls) == 2
    assert {call["headers"]["x-api-key"] for call in calls} == {"test-key"}


def test_the_events_tell_the_story_in_order(scripted):
    agent = scripted.agent(finalPrompt=script(bash("echo 안녕"), {"text": "끝"}))
    execution = scripted.until(scripted.run(agent)["id"])
    events = scripted.events(execution["id"])
    assert [event["seq"] for event in events] == list(range(1, execution["lastSeq"] + 1))
    kinds = [event["type"] for event in events if event["type"] in ("tool_call", "tool_result", "text", "result")]
    assert kinds == ["tool_call", "tool_result", "text", "result"]
    assert "안녕" in next(event["output"] for event in events if event["type"] == "tool_result")


def test_input_reaches_the_agent_as_a_file(scripted):
    agent = scripted.agent(finalPrompt=script(bash("cat input.txt"), {"text": "읽음"}))
    execution = scripted.until(scripted.run(agent, "자료 /help @/etc/hostname")["id"])
    output = next(e["output"] for e in scripted.events(execution["id"]) if e["type"] == "tool_result")
    assert "자료 /help @/etc/hostname" in output


def test_what_one_run_keeps_the_next_one_finds_and_a_failed_run_keeps_nothing(scripted):
    command = "echo eins > memo.txt; d=.claude; mkdir -p $d; echo '{}' > $d/settings.json; echo x > CLAUDE.md"
    agent = scripted.agent(finalPrompt=script(bash(command), {"text": "a"}))
    assert scripted.until(scripted.run(agent)["id"])["status"] == "succeeded"
    files = scripted.ask("GET", f"/api/agents/{agent['id']}/files")["items"]
    assert [file["path"] for file in files] == ["memo.txt"]
    change(scripted, agent, script(bash("echo zwei > memo.txt"), {"text": "b"}, status=400, after=1))
    assert scripted.until(scripted.run(agent)["id"])["status"] == "failed"
    change(scripted, agent, script(bash("cat memo.txt"), {"text": "c"}))
    execution = scripted.until(scripted.run(agent)["id"])
    assert "eins" in next(e["output"] for e in scripted.events(execution["id"]) if e["type"] == "tool_result")


def test_cancelling_ends_the_process_tree_and_keeps_what_was_there(scripted):
    steps = ({"text": "ich fange an"}, bash("echo da; while true; do :; done"))
    agent = scripted.agent(
        finalPrompt=script({"text": "시작", **bash("touch x; while true; do :; done")}, *steps, out=9)
    )
    execution = scripted.run(agent)
    scripted.until(execution["id"], "running")
    until_event(scripted, execution["id"], "tool_call")
    scripted.ask("POST", f"/api/executions/{execution['id']}/cancel")
    ended = scripted.until(execution["id"])
    deadline = time.monotonic() + 30
    while scripted.runners() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert scripted.runners() == []
    assert ended["status"] == "cancelled"
    assert ended["tokenUsage"]["output"] == 9
    assert any(event["type"] == "tool_call" for event in scripted.events(execution["id"]))


def test_a_run_that_takes_too_long_is_timed_out(scripted):
    prompt = script(bash("while true; do :; done"))
    agent = scripted.agent(finalPrompt=prompt, limits={"timeoutSeconds": 10})
    ended = scripted.until(scripted.run(agent)["id"])
    assert (ended["status"], ended["errorCode"]) == ("timed_out", "timeout")
    assert ended["costMicroUsd"] > 0


def test_a_budget_stops_the_run_without_overshoot(scripted):
    prompt = script(bash("true"), loop=1, **{"in": 4000, "out": 100})
    agent = scripted.agent(finalPrompt=prompt, limits={"maxCostMicroUsd": 3000, "maxTurns": 100})
    ended = scripted.until(scripted.run(agent)["id"])
    assert (ended["status"], ended["errorCode"]) == ("failed", "budget")
    assert 0 < ended["costMicroUsd"] <= 3000


def test_two_agents_run_on_two_upstreams_at_once(scripted):
    claude = scripted.agent(name="하나", finalPrompt=script({"text": "von Claude"}))
    demo = scripted.agent(name="둘", finalPrompt="새 소식이 없으면 없다고 알려 줘", model="demo")
    runs = [scripted.run(agent)["id"] for agent in (claude, demo)]
    first, second = (scripted.until(run) for run in runs)
    assert (first["result"], first["modelMode"]) == ("von Claude", "compatible")
    assert (second["status"], second["modelMode"]) == ("succeeded", "demo")
    assert second["costMicroUsd"] == 0


def test_the_first_request_stays_lean(scripted, upstream):
    agent = scripted.agent(finalPrompt=script({"text": "ok"}))
    scripted.until(scripted.run(agent)["id"])
    first = next(request for request in upstream.requests if request.get("path", "").startswith("/v1/messages"))
    assert first["bytes"] <= 17_000


def test_nothing_secret_is_in_the_log_or_in_the_events(scripted):
    agent = scripted.agent(finalPrompt=script(bash("env; cat /proc/*/environ | tr '\\0' '\\n'"), {"text": "ok"}))
    execution = scripted.until(scripted.run(agent)["id"])
    assert execution["status"] == "succeeded"
    seen = json.dumps(scripted.events(execution["id"])) + scripted.log.read_text()
    assert "test-key" not in seen
    assert scripted.key not in seen


def test_without_its_files_the_sandbox_refuses_by_name(launch, tmp_path, upstream):
    platform = launch(
        OMA_SANDBOX_HOME=str(tmp_path / "nowhere"), ANTHROPIC_BASE_URL=upstream.url, ANTHROPIC_API_KEY="k"
    )
    ended = platform.until(platform.run(platform.agent())["id"])
    assert (ended["status"], ended["errorCode"]) == ("failed", "sandbox")
    assert ended["error"]


def test_writing_to_the_workspace_while_it_is_in_use_is_refused(scripted):
    agent = scripted.agent(finalPrompt=script(bash("while true; do :; done")))
    execution = scripted.run(agent)
    scripted.until(execution["id"], "running")
    with pytest.raises(HTTPError) as refused:
        scripted.ask("DELETE", f"/api/agents/{agent['id']}/files/memo.txt")
    assert json.load(refused.value)["code"] == "agent_running"
    scripted.ask("POST", f"/api/executions/{execution['id']}/cancel")
    scripted.until(execution["id"])


def test_ctrl_c_ends_the_platform_cleanly(scripted):
    assert scripted.stop() == 0
    assert not (scripted.data / "address").exists()


def change(platform, agent, prompt: str) -> None:
    platform.ask("PATCH", f"/api/agents/{agent['id']}", {"finalPrompt": prompt})
