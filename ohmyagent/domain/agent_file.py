"""The agent file: a Claude Code subagent file with one extra block, `oma`."""

from ohmyagent.domain.agents import AgentDraft


def parse(text: str) -> AgentDraft:
    raise NotImplementedError


def render(draft: AgentDraft, source: str | None) -> str:
    raise NotImplementedError
