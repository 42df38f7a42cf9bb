"""Processes that are killed in the middle of their work."""

import subprocess
import sys
from pathlib import Path


def killed_after(program: str, database: Path, lines: int) -> list[str]:
    """Run `program` and kill it after so many lines of output; returns all that it had printed by then."""
    command = [sys.executable, "-c", program, str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            printed = [process.stdout.readline() for _ in range(lines)]
        finally:
            process.kill()
        printed += process.stdout.readlines()
    return [line.strip() for line in printed if line.endswith("\n")]
