"""Set up this folder: `setup.py run` for what `make run` needs, `setup.py test` for what `make test` needs,
`setup.py toolbox` for the agents' tools alone, `setup.py image` for a container's sandbox home.

This file alone may be read by a Python that is too old: it then looks for a newer one.
"""

import os
import shutil
import sys

OLDEST = (3, 11)
NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
TOO_OLD = """\
Oh My Agent needs Python 3.11 or newer, and here is only {0}: install one, then name it:  make run PYTHON=python3.12
Python 3.11 이상이 필요한데 {0}만 있습니다. 설치한 뒤 이름을 알려 주세요:  make run PYTHON=python3.12"""


def use_newer_python() -> None:
    """Become the newest Python of the machine, or say that there is none."""
    newer = next((path for path in map(shutil.which, NAMES) if path), None)
    if newer is None:
        sys.exit(TOO_OLD.format(".".join(map(str, sys.version_info[:3]))))
    os.execv(newer, [newer] + sys.argv)  # noqa: RUF005, S606 - old Pythons read this


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        use_newer_python()
    from installation.main import main

    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
