"""Korean or English."""

from typing import Literal

Language = Literal["ko", "en"]


def language_of(accept_language: str | None) -> Language:
    """The first of the two that an Accept-Language header names (its weights are ignored), else English."""
    for tag in (accept_language or "").lower().split(","):
        match tag.split(";")[0].strip().split("-")[0]:
            case "ko":
                return "ko"
            case "en":
                return "en"
    return "en"
