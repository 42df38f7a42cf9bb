"""Which record of a conversation is taken out of a dead sandbox's home."""

import os
from pathlib import Path

from ohmyagent.runner import session
from ohmyagent.runner.files import Workspace

ID = "5d3c1c7e-8a53-4a6e-9f5d-0c2b7b1f4e11"


def test_a_folder_that_the_platform_could_not_take_the_name_of_is_passed_over(tmp_path: Path) -> None:
    projects = os.fsencode(tmp_path / session.PROJECTS)
    for folder, text, changed in ((b"-workspace", b"good", 1), (b"\xff", b"bad", 2), (b"a\nb", b"bad", 3)):
        os.makedirs(projects + b"/" + folder)
        record = projects + b"/" + folder + b"/" + f"{ID}.jsonl".encode()
        with open(record, "wb") as file:
            file.write(text)
        os.utime(record, (changed, changed))
    root = os.open(tmp_path, os.O_RDONLY)
    try:
        found = session.kept(Workspace(root), ID)
    finally:
        os.close(root)
    assert found is not None
    assert found.path == f"{session.PROJECTS}/-workspace/{ID}.jsonl"
