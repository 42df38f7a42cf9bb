"""What set-up says to a person, in English and Korean."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One thing said in both languages."""

    en: str
    ko: str

    def __str__(self) -> str:
        """In the language of the terminal: Korean where LC_ALL, LC_MESSAGES or LANG says so."""
        names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        return self.ko if next((name for name in names if name), "").startswith("ko") else self.en


class Missing(Exception):
    """Something that set-up cannot bring by itself: what it is and how to get it, one sentence per language."""

    def __init__(self, en: str, ko: str) -> None:
        super().__init__(en)
        self.words = Words(en, ko)
