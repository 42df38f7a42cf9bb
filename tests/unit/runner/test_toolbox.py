"""The runner's view of the toolbox: one that works is mounted, anything else is as if there were none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ohmyagent.runner.bubblewrap import Arguments, add_toolbox
from ohmyagent.runner.installation import InstallationBroken
from ohmyagent.runner.toolbox import FOLDER, LINK, MANIFEST, Toolbox


def filled(home: Path, python: str = sys.executable, mode: int = 0o755) -> Path:
    folder = home / "toolbox-0123456789abcdef"
    folder.mkdir()
    (folder / MANIFEST).write_text(json.dumps({"python": python, "links": {"/home/agent/list": f"{FOLDER}/list"}}))
    folder.chmod(mode)
    (home / LINK).symlink_to(folder.name)
    return folder


def test_the_folder_that_the_link_leads_to_is_mounted_read_only_with_its_links(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    to = Arguments()
    add_toolbox(to, str(tmp_path))
    assert to.words == ["--ro-bind", str(folder), "/opt/toolbox", "--symlink", "/opt/toolbox/list", "/home/agent/list"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"python": "/usr/bin/python3.0"}, "made for /usr/bin/python3.0, which is gone"),
        ({"mode": 0o777}, "can be changed by others"),
    ],
)
def test_one_that_cannot_be_used_is_named_and_left_out(tmp_path: Path, options: dict[str, object], said: str) -> None:
    filled(tmp_path, **options)  # type: ignore[arg-type]
    with pytest.raises(InstallationBroken, match=said):
        Toolbox.at(str(tmp_path))
    to = Arguments()
    add_toolbox(to, str(tmp_path))
    assert to.words == []


@pytest.mark.parametrize("manifest", [None, "", "[]", "{}", '{"python": "/usr/bin/python3"}'])
def test_without_a_whole_manifest_there_is_no_toolbox(tmp_path: Path, manifest: str | None) -> None:
    folder = filled(tmp_path)
    if manifest is None:
        (folder / MANIFEST).unlink()
    else:
        (folder / MANIFEST).write_text(manifest)
    with pytest.raises(InstallationBroken, match="not set up"):
        Toolbox.at(str(tmp_path))
