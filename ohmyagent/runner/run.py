"""One execution, from the claim to the report."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from ohmyagent.reach import Policy, PolicyOf
from ohmyagent.runner import cli, platform, relay, save, session
from ohmyagent.runner.egress import Egress
from ohmyagent.runner.files import Workspace
from ohmyagent.runner.forward import Forward
from ohmyagent.runner.handover import Plan
from ohmyagent.runner.limits import Watch
from ohmyagent.runner.outcome import Ending, Verdict, verdict
from ohmyagent.runner.platform import NotOurs, Platform, Unreachable
from ohmyagent.runner.protocol import Claim, Json, Launch
from ohmyagent.runner.recorder import Recorder
from ohmyagent.runner.report import Report
from ohmyagent.runner.sandbox import OFFLINE, Box, Sandbox, SandboxRefused
from ohmyagent.runner.save import WorkspaceLost
from ohmyagent.runner.stream import Transcript
from ohmyagent.runner.supervision import LEAVE_NO_TRACE, Stops, Supervision, stop_of
from ohmyagent.runner.tunnel import Tunnel

DONE, LOST = 0, 1


def execute(launch: Launch, sandbox: Sandbox, policy_of: PolicyOf = Policy) -> int:
    """Claim this launch's execution, run it and report it; the runner's exit status.

    0 also when there was nothing to do or the execution was taken away; 1 when the platform was lost.
    Raises Unreachable, Refused or ProtocolError when not even the claim worked.
    """
    claim = platform.claim(launch)
    if claim is None:
        return DONE
    stops = Stops()
    signal.signal(signal.SIGTERM, lambda *_: stops("terminated"))
    recorder = Recorder(Platform(launch.url, claim), claim.spec, stops)
    execution = Execution(Platform(launch.url, claim), claim, recorder, stops)
    try:
        report = execution.run(sandbox, policy_of(claim.spec.allow), launch.slot)
        recorder.close()
        if stops.reason in LEAVE_NO_TRACE:
            return LOST if stops.reason == "orphaned" else DONE
        execution.finish(report)
    except NotOurs:
        return DONE
    except Unreachable:
        return LOST
    finally:
        execution.platform.close()
    return DONE


@dataclass
class Execution:
    """One claimed execution at work."""

    platform: Platform
    claim: Claim
    recorder: Recorder
    stops: Stops

    def run(self, sandbox: Sandbox, policy: Policy, slot: int) -> Report:
        """Everything between claim and report.  When it returns, no process of the agent is left."""
        spec = self.claim.spec
        report = Report(self.claim, sandbox.name)
        plan = Plan(cli.command(spec), cli.environment(spec), spec.system_prompt, spec.limits)
        try:
            box = sandbox.start(plan)
        except SandboxRefused as refusal:
            report.verdict = Verdict("failed", "sandbox", f"The sandbox could not be started: {refusal}")
            return report
        try:
            self._run_in(box, policy, slot, report)
        except WorkspaceLost as lost:
            report.verdict = Verdict("failed", "workspace", str(lost))
        finally:
            box.kill()
            box.wait()
            box.close()
        return report

    def finish(self, report: Report) -> None:
        """Raises Unreachable, NotOurs."""
        self.platform.finish(report.json(self.recorder.last_seq))

    def _run_in(self, box: Box, policy: Policy, slot: int, report: Report) -> None:
        spec = self.claim.spec
        transcript = Transcript(self.recorder.add)
        gateway = relay.GatewayRelay(spec.gateway_url, spec.orphan)
        forward = Forward(spec.gateway_url, gateway.connect, spec.model_token, self.claim.token)
        dial = Tunnel(spec.egress_url, spec.model_token, self.claim.token).dial if spec.egress_url else None
        egress = Egress(policy, self._tell_host, forward, dial)
        relay.serve(box.listeners.gateway, gateway.handle, "gateway", relay.CALLS)
        relay.serve(box.listeners.proxy, egress.handle, "egress")
        watch = Watch(box, spec.limits, slot)
        report.mechanisms, report.network = watch.mechanisms, box.held.network
        if spec.allow and box.held.network == OFFLINE:
            self.recorder.add("log", text="This sandbox can reach no host but the model: its container allows no more.")
        try:
            save.restore(box, self.platform, spec)
            box.go()
            started_ns = time.time_ns()
            supervision = Supervision(box, watch, spec, transcript, self.stops)
            supervision.run()
            ending = Ending(
                stop_of(self.stops), transcript.result, box.wait(), watch.memory_kills(), gateway.calls,
                supervision.stderr, transcript.answer.finished,
            )  # fmt: skip
        finally:
            watch.close()
        report.ended(ending, verdict(ending), transcript, egress.hosts)
        if self.stops.reason not in LEAVE_NO_TRACE and report.verdict.outcome != "cancelled":
            self._keep_files(Workspace(box.workspace), started_ns, report)
        if spec.session and self.stops.reason not in LEAVE_NO_TRACE:
            self._keep_session(Workspace(box.home), spec.session.id, report)

    def _keep_files(self, workspace: Workspace, started_ns: int, report: Report) -> None:
        """The workspace after a success that shall be saved; what the run wrote for its user in any case."""
        found = save.without_input(workspace.survey(), self.claim.spec)
        written = save.artifacts(found, started_ns)
        saved = self.claim.spec.save and report.verdict.outcome == "succeeded"
        save.upload(self.platform, workspace, found.files if saved else written)
        report.keep(found if saved else None, written)
        for file in written:
            self.recorder.add("artifact", path=file.path.partition("/")[2], bytes=file.size)

    def _keep_session(self, home: Workspace, session_id: str, report: Report) -> None:
        """What was said, also by a run that was stopped: the next one goes on from there."""
        record = session.kept(home, session_id)
        if record is not None:
            save.upload(self.platform, home, [record])
            report.session = record

    def _tell_host(self, host: str, port: int, allowed: bool, reason: str | None) -> None:
        event: Json = {"host": host, "port": port, "allowed": allowed}
        self.recorder.add("network", **event, **({"reason": reason} if reason else {}))
