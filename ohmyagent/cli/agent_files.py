"""Agent files and the agents of a platform: applied and exported, compared by slug."""

import difflib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from ohmyagent.cli import finding, screen, words
from ohmyagent.cli.client import Client
from ohmyagent.cli.problems import Stop, Usage, faults
from ohmyagent.domain import agent_file
from ohmyagent.domain.errors import Invalid

DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True)
class AgentFile:
    """A file that was read and is valid."""

    path: str
    slug: str
    text: str


@dataclass(frozen=True)
class Change:
    """What applying a file does (or would do): `create`, `update` or `unchanged`."""

    path: str
    slug: str
    change: str
    id: str | None
    diff: str


def read(path: Path) -> AgentFile:
    """Raises Usage when it cannot be read or is not valid, naming each key that is wrong."""
    try:
        text = path.read_bytes().decode("utf-8")
        slug = agent_file.parse(text).slug
        unknown = agent_file.unknown_keys(text)
    except OSError as error:
        raise Usage(words.NO_FILE(path=path, reason=error.strerror)) from None
    except UnicodeDecodeError:
        raise Usage(words.NOT_UTF8(path=path)) from None
    except Invalid as invalid:
        raise Usage("\n".join([words.BAD_FILE(path=path), *faults(invalid)])) from None
    if slug is None:
        raise Usage(words.NO_NAME(path=path))
    if unknown:
        screen.say(words.KEPT_KEYS(path=path, keys=", ".join(unknown)), "dim")
    return AgentFile(str(path), slug, text)


def read_all(path: Path) -> list[AgentFile]:
    """The file, or every *.md below the folder, by name; raises Usage as `read` does, before anything is changed."""
    if not path.is_dir():
        return [read(path)]
    files = [read(found) for found in sorted(path.rglob("*.md")) if found.is_file()]
    if not files:
        raise Usage(words.NO_FILES(path=path))
    by_slug: dict[str, AgentFile] = {}
    for file in files:
        other = by_slug.setdefault(file.slug, file)
        if other is not file:
            raise Usage(words.SAME_NAME(path=other.path, other=file.path, slug=file.slug))
    return files


def put(client: Client, file: AgentFile, known: dict[str, Any] | None, *, dry: bool = False) -> Change:
    """Make the agent say what the file says; `known` is the agent with that slug, if there is one."""
    before = "" if known is None else client.text(f"/api/agents/{known['id']}/export")
    if known is not None and before == file.text:
        return Change(file.path, file.slug, "unchanged", known["id"], "")
    diff = _diff(before, file)
    if dry:
        return Change(file.path, file.slug, "update" if known else "create", known["id"] if known else None, diff)
    if known is None:
        made = client.send_text("POST", "/api/agents/import", file.text)
        return Change(file.path, file.slug, "create", made["id"], diff)
    stale = {"If-Match": f'"{known["version"]}"'}
    made = client.send_text("PUT", f"/api/agents/{known['id']}", file.text, stale)
    return Change(file.path, file.slug, "update", made["id"], diff)


def apply(connect: Callable[[], Client], path: Path, *, dry: bool, as_json: bool) -> None:
    """Create what is missing, update what differs, delete nothing; every file is checked before anything else."""
    files = read_all(path)
    client = connect()
    known = {agent["slug"]: agent for agent in finding.agents(client)}
    changes = [put(client, file, known.get(file.slug), dry=dry) for file in files]
    if as_json:
        screen.data({"dryRun": dry, "changes": [asdict(change) for change in changes]})
        return
    for change in changes:
        _show(change)
    if dry:
        screen.say(words.DRY(), "dim")
    elif any(change.change == "create" for change in changes):
        screen.say(words.ARRIVES_PAUSED(), "dim")


def export(client: Client, name: str | None, folder: Path | None, *, everything: bool, as_json: bool) -> None:
    """To stdout, or as SLUG.md into the folder; raises Usage when it is not clear which agents."""
    if (name is None) == (not everything):
        raise Usage(words.WHICH_AGENT())
    if everything and folder is None and not as_json:
        raise Usage(words.ALL_NEEDS_FOLDER())
    agents = finding.agents(client) if everything or name is None else [finding.agent(client, name)]
    written = list(_exported(client, agents, folder))
    if as_json:
        screen.data({"agents": written})
    elif folder is None:
        screen.raw(written[0]["text"])
    else:
        for entry in written:
            screen.tell(entry["path"])


def _exported(client: Client, agents: list[dict[str, Any]], folder: Path | None) -> Iterator[dict[str, str]]:
    for agent in agents:
        text = client.text(f"/api/agents/{agent['id']}/export")
        if folder is None:
            yield {"slug": agent["slug"], "text": text}
        else:
            path = folder / f"{agent['slug']}.md"
            write(path, text)
            yield {"slug": agent["slug"], "path": str(path)}


def write(path: Path, text: str) -> None:
    """The whole file or none of it; raises Stop."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(text.encode("utf-8"))
        fresh.replace(path)
    except OSError as error:
        raise Stop(words.NO_WRITE(path=path, reason=error.strerror)) from None
    finally:
        fresh.unlink(missing_ok=True)


def _diff(before: str, file: AgentFile) -> str:
    names = (file.slug if before else "/dev/null", file.path)
    rows = difflib.unified_diff(before.splitlines(), file.text.splitlines(), *names, lineterm="", n=2)
    return "\n".join(rows)


def _show(change: Change) -> None:
    what = {"create": words.CREATED, "update": words.UPDATED, "unchanged": words.UNCHANGED}[change.change]
    style = {"create": "green", "update": "yellow", "unchanged": "dim"}[change.change]
    screen.out.print(Text.assemble((f"{what():<10}", style), change.slug), soft_wrap=True)
    for row in change.diff.split("\n") if change.change == "update" else ():
        screen.tell(f"  {row}", DIFF_STYLES.get(row[:1], "dim"))
