"""The beginnings of documents, read by a child that may neither last nor grow."""

import io
import zipfile

from openpyxl import Workbook

from ohmyagent.adapters.excerpts import ProcessReader
from ohmyagent.domain.uploads import PDF, XLSX


def sheet(*rows: tuple[object, ...], title: str = "매출") -> bytes:
    book = Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def letter(text: str) -> bytes:
    """The smallest PDF that says something.  Source: ISO 32000-1, annex H.3"""
    stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def test_a_workbook_begins_with_its_sheet_and_rows() -> None:
    body = sheet(("주", "매출"), ("1주", 1200), ("2주", None))
    assert ProcessReader().excerpt(body, XLSX, 4_000) == "[매출]\n주\t매출\n1주\t1200\n2주"


def test_a_pdf_begins_with_its_pages_and_text() -> None:
    assert ProcessReader().excerpt(letter("Quarterly report"), PDF, 4_000) == "[PDF, 1 pages]\nQuarterly report"


def test_an_excerpt_is_no_longer_than_asked_for() -> None:
    body = sheet(*[("x" * 100,)] * 20)
    text = ProcessReader().excerpt(body, XLSX, 50)
    assert text is not None
    assert len(text) == 50


def test_what_cannot_be_read_has_no_excerpt() -> None:
    assert ProcessReader().excerpt(b"%PDF-1.4 broken", PDF, 100) is None
    assert ProcessReader().excerpt(b"PK\x03\x04 broken", XLSX, 100) is None


def test_an_archive_that_unfolds_to_too_much_is_not_unfolded() -> None:
    target = io.BytesIO(sheet(("a",)))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros", bytes(65 * 2**20))
    assert ProcessReader().excerpt(target.getvalue(), XLSX, 100) is None


def test_a_child_that_takes_too_long_is_ended() -> None:
    assert ProcessReader(seconds=0.01).excerpt(letter("late"), PDF, 100) is None
