"""Workspaces: what a person uploads and what a run leaves, within quota and without configuration."""

import pytest

from ohmyagent.domain.errors import AgentRunning, Conflict, Invalid, NotFound, TooLarge
from ohmyagent.domain.executions import StoredFile
from ohmyagent.domain.runner import SavedWorkspace
from ohmyagent.domain.workspaces import Workspace
from ohmyagent.use_cases import keeping
from tests.world import sha256


@pytest.fixture
def user(world):
    return world.user()


@pytest.fixture
def agent(world, user):
    return world.agent(user)


def stored(path: str, body: bytes) -> StoredFile:
    return StoredFile(path=path, bytes=len(body), sha256=sha256(body))


def test_an_uploaded_file_is_listed_read_and_removed(world, user, agent):
    keeping.upload(world.store, world.files, user, agent.id, "자료/a.csv", b"1,2", world.now)
    assert [f.path for f in keeping.listing(world.store, user, agent.id, world.now).files] == ["자료/a.csv"]
    file, body = keeping.open_file(world.store, world.files, user, agent.id, "자료/a.csv", world.now)
    with body as chunks:
        assert b"".join(chunks) == b"1,2"
    keeping.remove(world.store, user, agent.id, file.path, world.now)
    with pytest.raises(NotFound):
        keeping.remove(world.store, user, agent.id, file.path, world.now)


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../../x", "a\x00", "a\\b", "a/" * 40 + "b", "x" * 300,
             ".claude/settings.json", ".mcp.json", "sub/CLAUDE.md", "AGENTS.md", ".bashrc", ".git/config"],
)  # fmt: skip
def test_a_path_that_leaves_or_configures_is_refused(world, user, agent, path):
    with pytest.raises(Invalid) as refused:
        keeping.upload(world.store, world.files, user, agent.id, path, b"x", world.now)
    assert refused.value.errors[0].field == "path"


def test_a_workspace_in_use_is_not_written(world, user, agent):
    world.started(user, agent)
    with pytest.raises(AgentRunning):
        keeping.upload(world.store, world.files, user, agent.id, "a", b"x", world.now)


def test_a_file_and_a_workspace_have_their_size(world, user, agent, noon):
    with pytest.raises(TooLarge):
        keeping.upload(world.store, world.files, user, agent.id, "a", bytes(20 * 2**20 + 1), world.now)
    full = Workspace(agent_id="a", user_id="u", updated_at=noon)
    with pytest.raises(TooLarge):
        full.saved((StoredFile(path="a", bytes=256 * 2**20 + 1, sha256="0" * 64),), None, noon)
    with pytest.raises(Invalid):
        full.saved(tuple(stored(f"f{n}", b"") for n in range(10_001)), None, noon)


def test_a_run_gets_the_workspace_and_what_it_saves_replaces_it(world, user, agent):
    keeping.upload(world.store, world.files, user, agent.id, "a.txt", b"alt", world.now)
    _, claim = world.started(user, agent)
    assert [file.path for file in claim.spec.workspace.files] == ["a.txt"]
    new = stored("b.txt", b"neu")
    world.files.write(keeping.body_key(user.id, agent.id, new.sha256), b"neu")
    world.call(claim)
    world.finish(claim, workspace=SavedWorkspace(files=(new, stored(".claude/settings.json", b"neu"))))
    kept = keeping.listing(world.store, user, agent.id, world.now)
    assert ([file.path for file in kept.files], kept.execution_id) == (["b.txt"], claim.execution_id)


def test_only_missing_bodies_are_asked_for_and_a_promised_one_must_come(world, user, agent):
    execution, claim = world.started(user, agent)
    new = stored("b.txt", b"neu")
    assert [u.sha256 for u in keeping.missing(world.files, execution, (new, new), world.now)] == [new.sha256]
    world.call(claim)
    with pytest.raises(Conflict):
        world.finish(claim, workspace=SavedWorkspace(files=(new,)))
    world.files.write(keeping.body_key(user.id, agent.id, new.sha256), b"neu")
    assert keeping.missing(world.files, execution, (new,), world.now) == ()


def test_artifacts_are_read_by_their_path_only(world, user, agent):
    _, claim = world.started(user, agent)
    report = stored("report.md", b"# ok")
    world.files.write(keeping.body_key(user.id, agent.id, report.sha256), b"# ok")
    world.call(claim)
    ended = world.finish(claim, artifacts=(report,))
    _, body = keeping.open_artifact(world.files, ended, "report.md")
    with body as chunks:
        assert b"".join(chunks) == b"# ok"
    with pytest.raises(NotFound):
        keeping.open_artifact(world.files, ended, "../report.md")
