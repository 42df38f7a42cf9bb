"""The child: a document on standard input, the beginning of its text on standard output."""

import io
import itertools
import resource
import sys
import zipfile
from collections.abc import Iterator

from ohmyagent.domain.uploads import PDF, XLSX

MEMORY = 256 << 20
CPU_SECONDS = 8
MOST_UNPACKED = 64 * 2**20
"""Of an xlsx: it is a zip archive, whose few bytes may unfold to many."""
PAGES, SHEETS, ROWS, COLUMNS = 3, 3, 20, 20


def main() -> None:
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(limit, (value, value))
    kind, length = sys.argv[1], int(sys.argv[2])
    body = sys.stdin.buffer.read()
    lines = {PDF: _pdf, XLSX: _xlsx}[kind](body)
    sys.stdout.buffer.write(_joined(lines, length).encode("utf-8", "replace"))


def _joined(lines: Iterator[str], length: int) -> str:
    text = ""
    for line in lines:
        text += line + "\n"
        if len(text) >= length:
            break
    return text.strip()[:length]


def _pdf(body: bytes) -> Iterator[str]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(body))
    yield f"[PDF, {len(reader.pages)} pages]"
    for page in itertools.islice(reader.pages, PAGES):
        yield page.extract_text()


def _xlsx(body: bytes) -> Iterator[str]:
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
            return
    book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    for name in book.sheetnames[:SHEETS]:
        yield f"[{name}]"
        for row in book[name].iter_rows(max_row=ROWS, max_col=COLUMNS, values_only=True):
            yield "\t".join("" if value is None else str(value) for value in row).rstrip("\t")


if __name__ == "__main__":
    main()
