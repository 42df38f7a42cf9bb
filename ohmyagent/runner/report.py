"""The report that ends an execution: the body of `finish` in docs/runner-protocol.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from ohmyagent.runner import save
from ohmyagent.runner.files import Findings, Kept
from ohmyagent.runner.outcome import Ending, Verdict
from ohmyagent.runner.passage import Tally
from ohmyagent.runner.protocol import Claim, Json
from ohmyagent.runner.stream import RESULT_CHARACTERS, Transcript


@dataclass
class Report:
    """Filled in as the run goes on; what never happened stays null."""

    claim: Claim
    strategy: str
    verdict: Verdict = field(default_factory=lambda: Verdict("failed", "sandbox", "The run did not start."))
    mechanisms: dict[str, str] = field(default_factory=dict)
    network: str | None = None
    ending: Ending | None = None
    version: str | None = None
    words: str | None = None
    hosts: list[Tally] = field(default_factory=list)
    workspace: Findings | None = None
    artifacts: list[Kept] = field(default_factory=list)
    session: Kept | None = None

    def ended(self, ending: Ending, judged: Verdict, transcript: Transcript, hosts: list[Tally]) -> None:
        """The agent is gone."""
        self.ending, self.verdict, self.hosts = ending, judged, hosts
        self.version, self.words = transcript.version, transcript.words

    def keep(self, workspace: Findings | None, artifacts: list[Kept]) -> None:
        """What was stored; no workspace when the last good one stays."""
        self.workspace, self.artifacts = workspace, artifacts

    def json(self, last_seq: int) -> Json:
        result = self.ending.result if self.ending else None
        return {
            "epoch": self.claim.epoch,
            "outcome": self.verdict.outcome,
            "lastSeq": last_seq,
            "errorCode": self.verdict.error_code,
            "error": self.verdict.error,
            "result": self.words[:RESULT_CHARACTERS] if self.words else None,
            "structured": result.structured if result else None,
            "cli": self._cli(),
            "sandbox": {"strategy": self.strategy, "limits": self.mechanisms, "network": self.network},
            "workspace": self._workspace(),
            "artifacts": [save.listed(file) | {"path": file.path.partition("/")[2]} for file in self.artifacts],
            "session": save.listed(self.session) if self.session else None,
            "hosts": [vars(tally) for tally in self.hosts],
        }

    def _cli(self) -> Json | None:
        if self.ending is None:
            return None
        result = self.ending.result
        return {
            "isError": result.is_error if result else None,
            "terminalReason": result.terminal_reason if result else None,
            "apiErrorStatus": result.api_error_status if result else None,
            "numTurns": result.num_turns if result else None,
            "exitCode": self.ending.exit_code,
            "version": self.version,
            "totalCostUsd": result.total_cost_usd if result else None,
        }

    def _workspace(self) -> Json | None:
        if self.workspace is None:
            return None
        return {"files": [save.listed(file) for file in self.workspace.files], "notes": self.workspace.notes}
