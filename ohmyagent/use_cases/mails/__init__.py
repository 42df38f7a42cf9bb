"""Mails in words: what each kind says, and how it looks as text and as HTML."""

from ohmyagent.use_cases.mails.alarming import about_tick
from ohmyagent.use_cases.mails.composing import about_agent, about_run, digest_id
from ohmyagent.use_cases.mails.inviting import to_admin, to_applicant
from ohmyagent.use_cases.mails.rendering import letter, text

__all__ = ["about_agent", "about_run", "about_tick", "digest_id", "letter", "text", "to_admin", "to_applicant"]
