"""Prints the names of infra/terraform/deployables.yaml, by comma: processes.py --class all|public|oidc|token

Standard library only, for a build step without packages: it reads the form that the file has, a line for each
process, or a block whose `class:` is on a line of its own.
"""

import argparse
import re
from pathlib import Path

MAP = Path(__file__).resolve().parent / "terraform" / "deployables.yaml"
SECTIONS = ("functions", "services")


def processes(text):
    """The class of each function and service, by name."""
    found, section, name = {}, None, None
    for line in text.splitlines():
        if head := re.match(r"(\w+):", line):
            section = head[1]
        elif section in SECTIONS:
            if entry := re.match(r"  ([\w-]+):", line):
                name = entry[1]
            if kind := re.search(r"\bclass: (\w+)", line):
                found[name] = kind[1]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--class", dest="kind", choices=("all", "public", "oidc", "token"), required=True)
    kind = parser.parse_args().kind
    found = processes(MAP.read_text(encoding="utf-8"))
    print(",".join(sorted(name for name, its in found.items() if kind in ("all", its))))


if __name__ == "__main__":
    main()
