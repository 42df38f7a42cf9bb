"""Run npm in `web/`, with the machine's Node or the one that set-up brought:  npm.py run check"""

from __future__ import annotations

import os
import sys

from installation import node
from installation.places import WEB

if __name__ == "__main__":
    command = node.npm("--silent", *sys.argv[1:])
    os.chdir(WEB)
    os.execvpe(command[0], command, {**os.environ, **node.surroundings()})  # noqa: S606
