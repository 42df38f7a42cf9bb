"""The designer's part, played by rules: what a person wants is taken apart by its words, and drafted by the same tools.

It understands the usual wishes and changes; for anything else it says that it is a demo, or keeps to the user's words.
"""

from dataclasses import replace

from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.designing.answers import Job, job
from ohmyagent.demo.designing.changes import change
from ohmyagent.demo.designing.clauses import clauses
from ohmyagent.demo.designing.drafts import draft
from ohmyagent.demo.designing.smalltalk import without_pleasantries
from ohmyagent.demo.designing.speech import read
from ohmyagent.demo.designing.wishes import is_wish
from ohmyagent.demo.reply import Call, Reply
from ohmyagent.demo.story import Story, told
from ohmyagent.demo.words import BY_DEMO, said

TOOL = "change_draft"
"""Who is offered this is the designer."""


def reply_to(conversation: Conversation) -> Reply:
    return told(_story(conversation), conversation.steps)


def _story(c: Conversation) -> Story:
    """What is wanted of the draft, then what is asked about it: one message may hold both."""
    asked, rest = _taken_apart(c)
    if asked is not None and not rest.said:
        return (yield from asked(c))
    present = read((yield Call("read_draft", {}))).get("draft", {})
    if present.get("finalPrompt"):
        done = yield from change(rest, present)
    elif asked is not None and not is_wish(rest.said, c.korean):
        return (yield from asked(c))
    else:
        done = yield from draft(rest, present)
    if asked is None or not isinstance(done, str) or not done:
        return done
    return f"{done.removesuffix(said(BY_DEMO, c.korean)).rstrip()}\n\n{(yield from asked(c))}"


def _taken_apart(c: Conversation) -> tuple[Job | None, Conversation]:
    """The first question of the message, and the message without questions and pleasantries."""
    parts = clauses(c.said)
    jobs = [job(part) for part in parts]
    asked = next((found for found in jobs if found is not None), None)
    if asked is None:
        return None, c
    rest = [part for part, found in zip(parts, jobs, strict=True) if found is None]
    return asked, replace(c, said=without_pleasantries(" ".join(rest)))
