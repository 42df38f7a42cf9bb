"""A job as a story: it yields the tool calls it wants, is given their answers, and returns its last words.

The demo keeps nothing between requests, so a story is told from its beginning each time, with the answers that the
conversation holds; it must not depend on anything else.
"""

from collections.abc import Generator, Iterable

from ohmyagent.demo.conversation import Step
from ohmyagent.demo.reply import Call, Final, Reply

Story = Generator[Call, Step, str | Final]
"""Plain last words are those of a job that is done."""


def told(story: Story, steps: Iterable[Step]) -> Reply:
    """The next thing that happens after these steps."""
    try:
        call = next(story)
        for step in steps:
            call = story.send(step)
    except StopIteration as end:
        return end.value if isinstance(end.value, Final) else Final(str(end.value))
    return call
