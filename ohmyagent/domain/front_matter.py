"""Front matter: a small, plain YAML mapping above a text, read without YAML's traps.

The mapping is kept as YAML nodes: every scalar is the text that was typed (`yes`, `2026-01-01` and `1:30` mean what the
reader of a key takes them for), and a part that nobody understands is written back as it was.
"""

import re

import yaml
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ohmyagent.domain.errors import Invalid

MAX_CHARACTERS = 200_000
MAX_FRONT = 50_000
MAX_DEPTH = 12
MERGE = "tag:yaml.org,2002:merge"
NULL = "tag:yaml.org,2002:null"

_FENCED = re.compile(r"\ufeff?---[ \t]*(\r?\n)(.*?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


class _Refused(yaml.YAMLError):
    """YAML that is well formed but not plain."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class _PlainLoader(yaml.SafeLoader):
    """Composes nodes without anchors, aliases and tags, and not too deep: nothing that grows while it is read."""

    depth = 0

    def compose_node(self, parent: Node | None, index: object) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise _Refused("has an anchor or an alias", line)
        if event.tag is not None:
            raise _Refused("has a tag", line)
        if self.depth >= MAX_DEPTH:
            raise _Refused(f"is nested more than {MAX_DEPTH} levels deep", line)
        self.depth += 1
        node: Node | None = super().compose_node(parent, index)  # type: ignore[arg-type]
        self.depth -= 1
        if isinstance(node, ScalarNode) and node.tag == NULL:
            node.value = "null"  # PyYAML writes an empty one inside `{…}` with a tag
        return node


def split(text: str) -> tuple[MappingNode, str]:
    """The mapping and the text below it; raises Invalid.

    The last line end is the file's, not the text's; the other ones stay as they are.
    """
    if len(text) > MAX_CHARACTERS:
        raise Invalid.of("file", f"is longer than {MAX_CHARACTERS:,} characters")
    fences = _FENCED.match(text)
    if fences is None:
        raise Invalid.of("file", "does not begin with keys between two lines ---")
    body = text[fences.end() :]
    return composed(fences[2] or ""), body.removesuffix(fences[1])


def composed(front: str) -> MappingNode:
    """The mapping as nodes, its keys told apart and plain; raises Invalid."""
    if len(front) > MAX_FRONT:
        raise Invalid.of("file", f"has a front matter of more than {MAX_FRONT:,} characters")
    try:
        node = yaml.compose(front, Loader=_PlainLoader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets the last two out for escapes beyond Unicode and directives with huge numbers.
        raise Invalid.of("file", _told(error)) from None
    if not isinstance(node, MappingNode):
        raise Invalid.of("file", "has no keys in its front matter")
    _check_keys(node, "")
    return node


def joined(mapping: MappingNode, body: str) -> str:
    """The whole file."""
    front = yaml.serialize(mapping, Dumper=yaml.SafeDumper, allow_unicode=True, width=MAX_CHARACTERS)
    return f"---\n{front}---\n{body}\n"


def _check_keys(node: Node, path: str) -> None:
    if isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            _check_keys(item, f"{path}.{number}")
    if not isinstance(node, MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode) or key.tag == MERGE:
            raise Invalid.of(path.lstrip(".") or "file", "has a key that is not plain text")
        if key.value in seen:
            raise Invalid.of(f"{path}.{key.value}".lstrip("."), "is given twice")
        seen.add(key.value)
        _check_keys(value, f"{path}.{key.value}")


def _told(error: Exception) -> str:
    if isinstance(error, _Refused):
        return f"{error.problem} (line {error.line + 2})"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"is not valid YAML, line {error.problem_mark.line + 2}: {error.problem}"
    if isinstance(error, yaml.reader.ReaderError):
        return f"holds a character that YAML does not allow (U+{int(error.character):04X})"
    return "is not valid YAML: a number is out of range"
