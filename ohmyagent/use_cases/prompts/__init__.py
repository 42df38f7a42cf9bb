"""Prompts are files beside this one, read once."""

from functools import cache
from importlib.resources import files


@cache
def text(name: str) -> str:
    """The prompt `name`.md."""
    return (files(__package__) / f"{name}.md").read_text(encoding="utf-8")
