"""The toolbox: pinned Python packages and a Korean font, which every sandbox sees read-only at one neutral path.

scripts/installation/toolbox.py fills the folder; this is the runner's side, which only looks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ohmyagent.runner.installation import REPAIR, InstallationBroken, private

LINK = "toolbox"
"""In the sandbox home: leads to the folder in use, whose name tells its content."""
MANIFEST = "toolbox.json"
FOLDER = "/opt/toolbox"
ADDED = "/workspace/.python"
"""Where `pip install` puts what it brings: it is kept with the workspace."""

# Its own `python3` comes first, as its packages are built for that one; what a run added comes last, so that nothing
# in a workspace stands before the system or the toolbox.
PATH = f"{FOLDER}/bin:/usr/local/bin:/usr/bin:/bin:{ADDED}/bin"
ENVIRONMENT = {
    "PYTHONPATH": f"{FOLDER}/packages",
    "PYTHONUSERBASE": ADDED,
    "PYTHONDONTWRITEBYTECODE": "1",  # byte code would fill the workspace, and be stale in the next run
    "PIP_CONFIG_FILE": f"{FOLDER}/pip.conf",
    "MATPLOTLIBRC": f"{FOLDER}/matplotlibrc",
    "OMP_NUM_THREADS": "1",  # else one thread per processor of the host, each counted as a process
    "OPENBLAS_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Toolbox:
    """A filled folder, as its manifest describes it."""

    folder: str
    python: str
    """The program of the host that its packages are built for; below /usr, which a sandbox sees."""
    links: Mapping[str, str]
    """Links that a sandbox needs outside of the folder: path → target, both as the sandbox sees them."""

    @classmethod
    def at(cls, home: str) -> Toolbox:
        """Raises InstallationBroken when there is none that works."""
        folder = os.path.realpath(os.path.join(home, LINK))
        try:
            with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
                manifest = json.load(file)
            found = cls(folder, manifest["python"], manifest["links"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InstallationBroken(f"the toolbox is not set up in {home}; {REPAIR}") from error
        private(folder)
        if not os.access(found.python, os.X_OK):
            raise InstallationBroken(f"the toolbox was made for {found.python}, which is gone; {REPAIR}")
        return found

    @property
    def name(self) -> str:
        return os.path.basename(self.folder)
