"""Beginnings of documents as text, read in a process of its own that may neither last nor grow."""

from ohmyagent.adapters.excerpts.reader import ProcessReader

__all__ = ["ProcessReader"]
