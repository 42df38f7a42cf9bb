"""Summarise a CSV file: real numbers, by Python in the sandbox, or by the demo itself where there is none."""

import csv as csv_format
import io
import json
import re
import shlex
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from ohmyagent.demo import hands
from ohmyagent.demo.conversation import Conversation, Step
from ohmyagent.demo.hands import Listing
from ohmyagent.demo.looking import cell, unwritten
from ohmyagent.demo.reply import Call, Final
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import BY_DEMO, NO_TOOLS, said

SUMMARY = "output/summary.md"
GIVEN = "input.txt"  # what the run was given
MOST_COLUMNS = 20
_NAMED = re.compile(r"((?:[\w\-]+/)*[\w\-]+\.csv)", re.I)
_PROGRAM = """
import csv, io, json, sys
data = open(sys.argv[1], "rb").read()
try:
    text = data.decode("utf-8-sig")
except UnicodeDecodeError:
    text = data.decode("cp949", "replace")
rows = [row for row in csv.reader(io.StringIO(text)) if any(row)]
head, body = (rows[0], rows[1:]) if rows else ([], [])
columns = []
for place, name in enumerate(head[:20]):
    numbers = []
    for row in body:
        try:
            numbers.append(float(row[place].replace(",", "")))
        except (ValueError, IndexError):
            pass
    column = {"name": name, "numbers": len(numbers)}
    if numbers:
        column.update(sum=sum(numbers), min=min(numbers), max=max(numbers))
    columns.append(column)
print(json.dumps({"rows": len(body), "columns": columns}))
"""


@dataclass(frozen=True)
class Column:
    """`numbers` are how many of its cells are numbers; sum, least and greatest of those."""

    name: str
    numbers: int
    sum: float = 0.0
    min: float = 0.0
    max: float = 0.0


@dataclass(frozen=True)
class Table:
    rows: int
    columns: tuple[Column, ...]


def csv(c: Conversation) -> Story:
    if not hands.able(c):
        return Final(said(NO_TOOLS, c.korean), "blocked")
    files = yield from hands.listing(c, "CSV 파일을 찾겠습니다." if c.korean else "I will look for the CSV file.")
    path = _chosen(files, c.said)
    if path is None:
        none = "작업 폴더에 CSV 파일이 없습니다." if c.korean else "There is no CSV file in the workspace."
        return Final(none, "blocked")
    table = yield from _table(c, path)
    if table is None:
        unread = f"`{path}`를 읽지 못했습니다." if c.korean else f"`{path}` could not be read."
        return Final(unread, "blocked")
    text = _markdown(path, table, c.korean)
    error = yield from hands.write(c, SUMMARY, text)
    return unwritten(SUMMARY, error, c.korean) if error else text


def _chosen(files: Listing, text: str) -> str | None:
    found = [path for path in files if path.lower().endswith(".csv")]
    named = _NAMED.search(text)
    if named:
        return next((path for path in found if path == named[1] or path.endswith(f"/{named[1]}")), None)
    return found[0] if found else GIVEN if GIVEN in files else None


def _table(c: Conversation, path: str) -> Generator[Call, Step, Table | None]:
    if "Bash" in c.tools:
        saying = f"`{path}`를 계산하겠습니다." if c.korean else f"I will compute `{path}`."
        command = f"python3 -I - {shlex.quote(path)} <<'PROGRAM'{_PROGRAM}PROGRAM"
        step = yield Call("Bash", {"command": command, "description": f"Compute {path}"}, saying)
        table = _parsed(step.output)
        if table is not None:
            return table
    text = yield from hands.read(c, path)
    return None if text is None else _computed(text)


def _parsed(output: str) -> Table | None:
    try:
        found: Any = json.loads(output)
        return Table(int(found["rows"]), tuple(Column(**column) for column in found["columns"]))
    except (ValueError, KeyError, TypeError):
        return None


def _computed(text: str) -> Table:
    rows = [row for row in csv_format.reader(io.StringIO(text.lstrip("\ufeff"))) if any(row)]
    head, body = (rows[0], rows[1:]) if rows else ([], [])
    return Table(len(body), tuple(_column(name, place, body) for place, name in enumerate(head[:MOST_COLUMNS])))


def _column(name: str, place: int, body: list[list[str]]) -> Column:
    cells = [row[place] for row in body if place < len(row)]
    numbers = [number for number in map(_number, cells) if number is not None]
    if not numbers:
        return Column(name, 0)
    return Column(name, len(numbers), sum(numbers), min(numbers), max(numbers))


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _markdown(path: str, table: Table, korean: bool) -> str:
    if korean:
        title, counts = f"# {path} 요약", f"{table.rows}행 {len(table.columns)}열입니다."
        heading = "| 열 | 숫자 | 합계 | 평균 | 최소 | 최대 |"
    else:
        title, counts = f"# Summary of {path}", f"Rows: {table.rows}. Columns: {len(table.columns)}."
        heading = "| Column | Numbers | Sum | Mean | Least | Greatest |"
    rows = [_row(column) for column in table.columns]
    lines = [title, "", counts, "", heading, "| --- | ---: | ---: | ---: | ---: | ---: |", *rows]
    return "\n".join([*lines, "", said(BY_DEMO, korean), ""])


def _row(column: Column) -> str:
    if not column.numbers:
        return f"| {cell(column.name)} | 0 | | | | |"
    mean = column.sum / column.numbers
    # nobody reads the tenth place of a mean
    figures = (column.sum, round(mean, 2) if abs(mean) >= 1 else mean, column.min, column.max)
    return f"| {cell(column.name)} | {column.numbers} | " + " | ".join(f"{figure:,.10g}" for figure in figures) + " |"
