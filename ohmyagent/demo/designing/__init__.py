"""The designer's part, played by rules: what a person wants is taken apart by its words, and drafted by the same tools.

It understands the usual wishes and changes; for anything else it says that it is a demo, or keeps to the user's words.
"""

from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.designing.answers import job
from ohmyagent.demo.designing.changes import change
from ohmyagent.demo.designing.drafts import draft
from ohmyagent.demo.designing.speech import read
from ohmyagent.demo.reply import Call, Reply
from ohmyagent.demo.story import Story, told

TOOL = "change_draft"
"""Who is offered this is the designer."""


def reply_to(conversation: Conversation) -> Reply:
    return told(_story(conversation), conversation.steps)


def _story(c: Conversation) -> Story:
    asked = job(c)
    if asked is not None:
        return (yield from asked(c))
    found = read((yield Call("read_draft", {})))
    present = found.get("draft", {})
    if present.get("finalPrompt"):
        return (yield from change(c, present))
    return (yield from draft(c, present))
