"""The agent file: a Claude Code subagent file with one extra block, `oma`.  See docs/agent-file.md."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ohmyagent.domain.agent_file_keys import BLOCKS, KEYS, OMA, SCHEDULE, VERSION, YAML, Key
from ohmyagent.domain.agents import AgentDraft
from ohmyagent.domain.clauses import clause
from ohmyagent.domain.errors import FieldError, Invalid
from ohmyagent.domain.front_matter import joined, split

Path = tuple[str, ...]
KNOWN = {path for key in KEYS for path in (key.path, *key.older)} | {VERSION}


def parse(text: str) -> AgentDraft:
    """What the file says, its status aside; raises Invalid naming each wrong key, such as `oma.limits.timeout`."""
    mapping, body = split(text)
    _check_blocks(mapping)
    fields: dict[str, Any] = {"final_prompt": body}
    if _at(mapping, SCHEDULE) is not None:
        fields["schedule"] = {}
    errors = [error for key in KEYS if (error := _read(mapping, key, fields))]
    if "slug" in fields:
        fields.setdefault("name", fields["slug"])
    try:
        draft = AgentDraft.model_validate(fields)
    except ValidationError as error:
        unread = {e.field for e in errors}
        found = [_in_the_file(e["loc"], clause(e["type"], e.get("ctx", {}), e["msg"])) for e in error.errors()]
        raise Invalid(*errors, *(e for e in found if e.field not in unread)) from None
    if errors:
        raise Invalid(*errors)
    return draft


def render(draft: AgentDraft, source: str | None) -> str:
    """`source` as it was while it says the same as the draft, else canonical text with the source's unknown keys."""
    if source is None:
        return _canonical(draft, None)
    try:
        parsed = parse(source)
    except Invalid:
        # Rules may have become stricter since it was imported; the draft is what counts.
        return _canonical(draft, None)
    same = parsed.replace(status=draft.status, slug=parsed.slug or draft.slug) == draft
    return source if same else _canonical(draft, split(source)[0])


def unknown_keys(text: str) -> list[str]:
    """Keys that nothing here reads: they are kept and have no effect.  Raises Invalid when there is no front matter."""
    return [".".join((*block, key.value)) for block, key, _ in _strange(split(text)[0], ())]


def _canonical(draft: AgentDraft, source: MappingNode | None) -> str:
    """Known keys in the order of the table; behind them, block by block, those that only the source knows."""
    root = _mapping()
    for key in KEYS:
        value = _value(draft, key.field)
        if value is not None and value != key.unsaid:
            _block(root, key.path[:-1]).value.append((_key(key.path[-1]), key.kind.write(value)))
    for block, name, node in _strange(source, ()) if source is not None else ():
        if block != SCHEDULE or draft.schedule is not None:
            holder = _block(root, block)
            holder.flow_style = False
            holder.value.append((_unfolded(name), _unfolded(node)))
    root.value.sort(key=lambda entry: entry[0].value == "oma")
    return joined(root, draft.final_prompt)


def _at(mapping: MappingNode, path: Path) -> Node | None:
    """The node at a path; a null is as good as nothing."""
    node: Node | None = mapping
    for part in path:
        values = node.value if isinstance(node, MappingNode) else ()
        node = next((value for key, value in values if key.value == part), None)
    return None if isinstance(node, ScalarNode) and node.tag == YAML + "null" else node


def _read(mapping: MappingNode, key: Key, fields: dict[str, Any]) -> FieldError | None:
    found = [(path, node) for path in (key.path, *key.older) if (node := _at(mapping, path)) is not None]
    if not found:
        return None
    path, node = found[0]
    if len(found) > 1:
        return FieldError(".".join(path), f"is given twice, also as {'.'.join(found[1][0])}")
    try:
        value = key.kind.read(node)
    except ValueError as error:
        return FieldError(".".join(path), str(error))
    for part in key.field[:-1]:
        fields = fields.setdefault(part, {})
    fields[key.field[-1]] = value
    return None


def _check_blocks(mapping: MappingNode) -> None:
    for block in BLOCKS:
        node = _at(mapping, block)
        if node is not None and not isinstance(node, MappingNode):
            raise Invalid.of(".".join(block), "must hold keys of its own")
    version = _at(mapping, VERSION)
    if version is not None and version.value != "1":
        raise Invalid.of(".".join(VERSION), "must be 1, the one version there is")


def _in_the_file(loc: tuple[int | str, ...], message: str) -> FieldError:
    """A finding about a draft, at the key where the value stands."""
    for key in KEYS:
        depth = len(key.field)
        if loc[:depth] == key.field:
            path = ("name",) if key.field == ("name",) and message == "is missing" else key.path
            return FieldError(".".join([*path, *map(str, loc[depth:])]), message)
    return FieldError("body", message)


def _value(draft: AgentDraft, field: Path) -> Any:
    value: Any = draft
    for part in field:
        value = getattr(value, part, None)
    return value


def _strange(mapping: MappingNode, block: Path) -> Iterator[tuple[Path, ScalarNode, Node]]:
    for key, node in mapping.value:
        path = (*block, key.value)
        if path in BLOCKS and isinstance(node, MappingNode):
            yield from _strange(node, path)
        elif path not in KNOWN and path not in BLOCKS:
            yield block, key, node


def _unfolded(node: Node) -> Node:
    """The same without `{…}` and `[…]`, inside of which PyYAML writes `1:30` only with a tag."""
    if isinstance(node, MappingNode):
        entries = [(_unfolded(key), _unfolded(value)) for key, value in node.value]
        return MappingNode(node.tag, entries, flow_style=False)
    if isinstance(node, SequenceNode):
        return SequenceNode(node.tag, [_unfolded(item) for item in node.value], flow_style=False)
    return node


def _mapping(flow: bool = False) -> MappingNode:
    return MappingNode(YAML + "map", [], flow_style=flow)


def _key(name: str) -> ScalarNode:
    return ScalarNode(YAML + "str", name)


def _block(root: MappingNode, path: Path) -> MappingNode:
    """The mapping at a path of blocks, made where it is missing: `oma` over several lines, those in it on one each."""
    for depth in range(len(path)):
        found = next((value for key, value in root.value if key.value == path[depth]), None)
        if found is None:
            found = _mapping(flow=depth > 0)
            if path[: depth + 1] == OMA:
                found.value.append((_key("version"), ScalarNode(YAML + "int", "1")))
            root.value.append((_key(path[depth]), found))
        root = found
    return root
