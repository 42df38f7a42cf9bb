"""Prompts are files beside this one, read once."""

from functools import cache
from importlib.resources import files

DESIGNER = "designer.v1"
"""The designer's system prompt in use, a file for each language.  What was used is never changed: turns name it."""


@cache
def text(name: str) -> str:
    """The prompt `name`.md."""
    return (files(__package__) / f"{name}.md").read_text(encoding="utf-8")


def system(hosts: str) -> str:
    """What an agent is told that runs unattended; `{secrets}` is left to be filled in."""
    return text("run").replace("{place}", text("place").replace("{hosts}", hosts))


def talk(hosts: str, instructions: str) -> str:
    """What an agent is told whose person talks with it; its standing instructions come last, whatever is in them."""
    place = text("place").replace("{hosts}", hosts)
    return text("talk").replace("{place}", place).replace("{instructions}", instructions)


def designer(language: str, timezone: str, today: str) -> str:
    """What the designer is told for one turn."""
    spoken = "Korean (한국어)" if language == "ko" else "English"
    said = text(f"{DESIGNER}.{language}").replace("{language}", spoken).replace("{timezone}", timezone)
    return said.replace("{today}", today)
