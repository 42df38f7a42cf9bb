"""Write a file that the user named."""

import re

from ohmyagent.demo import hands
from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.looking import unwritten
from ohmyagent.demo.reply import Final
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import BY_DEMO, NO_TOOLS, said

_NAME = re.compile(r"(?<![\w/.\-])((?:[\w\-]+/)*[\w\-]+\.(?:txt|md|json|html|log))(?![A-Za-z0-9_])", re.I)
"""A Korean particle may follow at once (hello.txt에); a path from above the workspace never matches."""
_VERB = re.compile(r"\b(write|create|make|save|put)\b|써|쓰|작성|만들|저장|적어|남겨", re.I)
_QUOTED = re.compile(r"\"([^\"\n]+)\"|'([^'\n]+)'|“([^”\n]+)”|‘([^’\n]+)’|「([^」\n]+)」")
_AFTER = re.compile(r"(?:saying|with the text|content|내용)\s*[:은는]\s*(.+)", re.I)


def wanted(text: str) -> bool:
    """Whether a file is named and what to write in it is said."""
    return bool(_VERB.search(text)) and named(text) is not None and _content(text) is not None


def named(text: str) -> str | None:
    """The first file that the text names, relative to the workspace, below `output/` unless a folder is given."""
    found = _NAME.search(text)
    if found is None:
        return None
    return found[1] if "/" in found[1] else f"output/{found[1]}"


def write(c: Conversation) -> Story:
    path, content = named(c.said), _content(c.said)
    if path is None or content is None or not hands.able(c):
        return Final(said(NO_TOOLS, c.korean), "blocked")
    saying = f"`{path}` 파일을 쓰겠습니다." if c.korean else f"I will write `{path}`."
    error = yield from hands.write(c, path, content + "\n", saying)
    if error:
        return unwritten(path, error, c.korean)
    done = (
        f"`{path}` 파일에 {len(content)}자를 썼습니다."
        if c.korean
        else f"`{path}` now holds {len(content)} characters."
    )
    return f"{done} {said(BY_DEMO, c.korean)}"


def _content(text: str) -> str | None:
    for match in _QUOTED.finditer(text):
        quoted = next(group for group in match.groups() if group is not None)
        if not _NAME.fullmatch(quoted):
            return quoted
    after = _AFTER.search(text)
    return after[1].strip() if after else None
