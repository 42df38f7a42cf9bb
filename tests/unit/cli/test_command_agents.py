"""Agents by the command: applied from files, listed, shown, exported."""

import json
from pathlib import Path

import pytest

from ohmyagent.cli import forms
from tests.unit.cli.conftest import Terminal

FILE = """\
---
name: {slug}
description: 한 줄 설명
tools: Read
oma: {{version: 1, display_name: {name}}}
---
일해 줘
"""


def write(folder: Path, slug: str, name: str = "뉴스", text: str = FILE) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{slug}.md"
    path.write_text(text.format(slug=slug, name=name), encoding="utf-8")
    return path


def changes(said: str) -> dict[str, str]:
    return {change["slug"]: change["change"] for change in json.loads(said)["changes"]}


def test_applying_creates_updates_and_leaves_alone(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "agents"
    write(folder, "a")
    write(folder, "b")
    assert changes(terminal.oma("apply", "-f", str(folder), "--json").out) == {"a": "create", "b": "create"}

    write(folder, "b", name="새 이름")
    write(folder, "c")
    expected = {"a": "unchanged", "b": "update", "c": "create"}
    assert changes(terminal.oma("apply", "-f", str(folder), "--dry-run", "--json").out) == expected
    assert {agent["slug"] for agent in terminal.client().items("/api/agents", 10)} == {"a", "b"}

    assert changes(terminal.oma("apply", "-f", str(folder), "--json").out) == expected
    assert set(changes(terminal.oma("apply", "-f", str(folder), "--json").out).values()) == {"unchanged"}
    assert json.loads(terminal.oma("show", "b", "--json").out)["name"] == "새 이름"


def test_an_update_is_shown_as_a_diff_before_anything_changes(terminal: Terminal, tmp_path: Path) -> None:
    path = write(tmp_path / "agents", "a")
    terminal.oma("apply", "-f", str(path))
    write(tmp_path / "agents", "a", name="새 이름")

    said = terminal.oma("apply", "-f", str(path), "--dry-run")

    assert said.out.splitlines()[0].split() == ["update", "a"]
    assert "  -oma: {version: 1, display_name: 뉴스}" in said.out
    assert "  +oma: {version: 1, display_name: 새 이름}" in said.out
    assert "Nothing was changed" in said.err
    assert json.loads(terminal.oma("show", "a", "--json").out)["version"] == 1


def test_one_bad_file_stops_everything_and_names_the_key(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "agents"
    write(folder, "a")
    write(folder, "b", text=FILE + "\0")
    (folder / "c.md").write_text(FILE.format(slug="c", name="x").replace("Read", "Fly"), encoding="utf-8")

    said = terminal.oma("apply", "-f", str(folder))

    assert said.code == 2
    assert "b.md is not a valid agent file" in said.err
    assert "body: contains a control character" in said.err
    assert list(terminal.client().items("/api/agents", 10)) == []


def test_two_files_of_one_name_are_refused(terminal: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "agents", "a")
    (tmp_path / "agents" / "z.md").write_text(FILE.format(slug="a", name="x"), encoding="utf-8")
    said = terminal.oma("apply", "-f", str(tmp_path / "agents"))
    assert said.code == 2
    assert "a.md" in said.err
    assert "z.md" in said.err


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"no front matter", b"---\ndescription: x\n---\ny"])
def test_what_is_no_agent_file_is_refused_in_a_sentence(terminal: Terminal, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.md"
    if content is not None:
        path.write_bytes(content)
    for words in (["apply", "-f", str(path)], ["run", str(path)]):
        said = terminal.oma(*words)
        assert said.code == 2
        assert "x.md" in said.err
        assert "Traceback" not in said.err


def test_an_empty_folder_is_a_mistake(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.oma("apply", "-f", str(tmp_path)).code == 2


def test_a_change_made_meanwhile_is_not_overwritten(terminal: Terminal, tmp_path: Path) -> None:
    from ohmyagent.cli import agent_files, finding
    from ohmyagent.cli.problems import Refused

    path = write(tmp_path / "agents", "a")
    terminal.oma("apply", "-f", str(path))
    seen = finding.agent(terminal.client(), "a")
    write(tmp_path / "agents", "a", name="first")
    agent_files.put(terminal.client(), agent_files.read(path), seen)
    write(tmp_path / "agents", "a", name="second")
    with pytest.raises(Refused) as refusal:
        agent_files.put(terminal.client(), agent_files.read(path), seen)
    assert refusal.value.status == 412


def test_keys_without_effect_are_told(terminal: Terminal, tmp_path: Path) -> None:
    path = write(tmp_path / "agents", "a", text=FILE.replace("version: 1", "version: 1, max_turn: 3"))
    assert "kept without effect: oma.max_turn" in terminal.oma("apply", "-f", str(path)).err


def test_what_is_exported_is_what_was_applied_to_the_byte(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "agents"
    texts = {slug: write(folder, slug).read_bytes() for slug in ("a", "b")}
    crlf = folder / "b.md"
    crlf.write_bytes(texts["b"].replace(b"\n", b"\r\n"))
    terminal.oma("apply", "-f", str(folder))

    said = terminal.oma("export", "--all", "-o", str(tmp_path / "out"))

    assert sorted(said.out.split()) == [str(tmp_path / "out" / name) for name in ("a.md", "b.md")]
    assert (tmp_path / "out" / "a.md").read_bytes() == texts["a"]
    assert (tmp_path / "out" / "b.md").read_bytes() == crlf.read_bytes()
    assert terminal.oma("export", "a").out.encode() == texts["a"]


def test_an_export_that_is_not_clear_is_a_mistake(terminal: Terminal) -> None:
    assert terminal.oma("export").code == 2
    assert terminal.oma("export", "--all").code == 2
    assert terminal.oma("export", "a", "--all", "-o", "x").code == 2


def test_an_agent_is_found_by_slug_id_and_beginning(terminal: Terminal, tmp_path: Path) -> None:
    terminal.oma("apply", "-f", str(write(tmp_path / "agents", "news")))
    (agent,) = terminal.client().items("/api/agents", 10)
    for name in ("news", agent["id"], agent["id"][:8]):
        assert json.loads(terminal.oma("show", name, "--json").out)["id"] == agent["id"]


def test_a_beginning_that_means_several_is_a_mistake_that_names_them(terminal: Terminal, tmp_path: Path) -> None:
    for slug in ("a1", "b1"):
        terminal.oma("apply", "-f", str(write(tmp_path / slug, slug)))
    said = terminal.oma("show", "a_")
    assert said.code == 2
    assert all(agent["id"][:10] in said.err for agent in terminal.client().items("/api/agents", 10))


@pytest.mark.parametrize("name", ["nothing", "x_00000000000000000000", "../agents", "a b", "%", "가"])
def test_what_does_not_exist_is_said_so(terminal: Terminal, name: str) -> None:
    said = terminal.oma("show", name)
    assert said.code == 1
    assert said.err.startswith("There is no agent or run")


def test_lists_are_tables_for_people_and_json_for_programs(terminal: Terminal, tmp_path: Path) -> None:
    assert "There are no agents yet" in terminal.oma("ls").err
    terminal.oma("apply", "-f", str(write(tmp_path / "agents", "news", name="경쟁사 뉴스")))
    row = terminal.oma("ls").out.rstrip("\n").split("\t")
    assert row == ["news", "경쟁사 뉴스", "paused", "by hand", "–", "0", "$0.00"]
    assert [entry["slug"] for entry in json.loads(terminal.oma("ls", "--json").out)["items"]] == ["news"]


def test_a_name_cannot_steer_the_terminal(terminal: Terminal) -> None:
    terminal.client().post("/api/agents", {"name": "x\u202ey\u009b31mz", "finalPrompt": "a\u009b2Jb", "slug": "evil"})
    for words in (["ls"], ["show", "evil"], ["ls", "--json"], ["show", "evil", "--json"]):
        out = terminal.oma(*words).out
        assert "\x1b" not in out
        assert "\u009b" not in out


def test_a_link_signs_in_once(terminal: Terminal) -> None:
    code = terminal.oma("open").out.strip().partition("#signin=")[2]
    first, second = (terminal.api.anybody().post("/api/auth/link", json={"code": code}) for _ in range(2))
    assert (first.status_code, first.json["user"]["kind"], second.status_code) == (201, "owner", 401)


def test_a_wrong_key_is_said_in_a_sentence(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMA_API_KEY", "oma_wrong")
    said = terminal.oma("ls")
    assert (said.code, said.err.strip()) == (1, "Please sign in.")


def test_a_platform_that_does_not_answer_is_said_so(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMA_URL", "http://127.0.0.1:9")
    said = terminal.oma("ls")
    assert said.code == 1
    assert said.err.startswith("The platform at http://127.0.0.1:9 does not answer")


def test_a_schedule_is_listed_in_words_with_the_persons_own_beside_them(terminal: Terminal) -> None:
    schedule = {"cron": "0 9 * * 1-5", "text": "출근하면"}
    body = {"name": "뉴스", "slug": "news", "finalPrompt": "해 줘", "schedule": schedule}
    agent = terminal.client().post("/api/agents", body)

    for command in ("ls", "show news"):
        said = terminal.oma(*command.split()).out
        assert "every weekday at 9:00 AM KST · 출근하면" in said
        assert "0 9 * * 1-5" not in said
    assert forms.when(agent["nextRunAt"]) in terminal.oma("show", "news").out
