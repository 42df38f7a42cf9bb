"""Make the table of Korean public holidays from the library `holidays`:  .venv/bin/python scripts/holidays_kr.py"""

from __future__ import annotations

from pathlib import Path

import holidays

TABLE = Path(__file__).resolve().parent.parent / "ohmyagent/domain/holidays_kr.txt"
FIRST = 2020
"""Long before anybody had an agent."""


def text() -> str:
    """A line for the release of the library, then a line for each year with its days as month and day."""
    lines = [f"release {holidays.__version__}"]
    for year in range(FIRST, holidays.SouthKorea.end_year + 1):
        days = sorted(day for day in holidays.SouthKorea(years=year) if day.year == year)
        lines.append(" ".join([str(year), *(f"{day:%m%d}" for day in days)]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="ascii")
