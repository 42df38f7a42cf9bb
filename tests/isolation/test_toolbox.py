"""The toolbox as an agent has it: what it can do, what it says when it cannot, and that it cannot be changed."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ohmyagent.runner.installation import InstallationBroken
from ohmyagent.runner.toolbox import Toolbox
from tests.isolation.harness import Identity, Run, bash, finished

TOOLS = Path(__file__).parent / "tools"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SALES = [("월", "매출"), ("1월", 120), ("2월", -35), ("3월", 210)]
TEXT = "월별매출추이막대똠방각하1A"


@pytest.fixture
def toolbox(home: str) -> str:
    """The home of a sandbox that has a toolbox."""
    try:
        Toolbox.at(home)
    except InstallationBroken as broken:
        pytest.skip(str(broken))
    return home


def archive(files: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for path, text in files.items():
            made.writestr(path, text)
    return content.getvalue()


def workbook(rows: list[tuple[str, str | int]]) -> bytes:
    """An .xlsx file with one sheet, written by hand."""
    cells = "".join(
        "<row>" + "".join(
            f"<c><v>{value}</v></c>" if isinstance(value, int) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
            for value in row
        ) + "</row>"
        for row in rows
    )  # fmt: skip
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return archive({
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sheet.xml" ContentType="{main}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}">'
        '<sheets><sheet name="매출" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="a" Type="{OFFICE}/worksheet" Target="sheet.xml"/></Relationships>',
        "xl/sheet.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>',
    })  # fmt: skip


def wheel(name: str, code: str) -> bytes:
    """A package that pip can install without an index."""
    about = f"{name}-1.0.dist-info"
    return archive({
        f"{name}.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n",
    })  # fmt: skip


def artifact(run: Run, name: str) -> bytes:
    found = {file["path"]: file["sha256"] for file in run.platform.report["artifacts"]}
    return run.platform.files[found[name]]


def kept(run: Run) -> list[tuple[str, bytes]]:
    """The workspace of the next run."""
    return [(file["path"], run.platform.files[file["sha256"]]) for file in run.platform.report["workspace"]["files"]]


def test_a_workbook_becomes_charts_with_hangul_and_no_missing_glyph(identity: Identity, toolbox: str) -> None:
    files = [("매출.xlsx", workbook(SALES)), ("charts.py", (TOOLS / "charts.py").read_bytes())]
    read = bash("python3 -c \"import pandas; print(pandas.read_excel('매출.xlsx')['매출'].sum())\"")
    run = finished(
        identity, toolbox, read, bash("mkdir output; python3 -W error charts.py 2>&1; echo $?"), workspace=files
    )
    assert run.outputs() == ["295", "0"]
    for name in ("선.png", "막대.png", "로그.png"):
        picture = artifact(run, name)
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", picture[16:24]) == (640, 480)


def test_no_character_is_an_empty_box_whatever_font_is_asked_for(anyone: Identity, toolbox: str) -> None:
    fonts = ("", "seaborn", "'Malgun Gothic'", "'맑은 고딕'", "AppleGothic", "NanumGothic", "serif", "monospace")
    files = [("glyphs.py", (TOOLS / "glyphs.py").read_bytes())]
    commands = [bash(f"python3 glyphs.py {TEXT} {font}") for font in fonts]
    run = finished(anyone, toolbox, *commands, bash(f"python3 glyphs.py {TEXT} 'DejaVu Sans'"), workspace=files)
    *with_hangul, without = run.outputs()
    assert dict(zip(fonts[:-2], with_hangul, strict=False)) == dict.fromkeys(fonts[:-2], "boxes:")
    assert without == f"boxes: {TEXT[:-2]}", "the check sees a box where there is one"


def test_the_first_chart_of_a_run_takes_at_most_5_seconds(anyone: Identity, toolbox: str) -> None:
    draw = "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.title('첫 그림'); plt.savefig('a.png')"
    run = finished(
        anyone, toolbox, bash(f'S=$(date +%s%N); python3 -c "{draw}"; echo $(( ($(date +%s%N) - S) / 1000000 ))')
    )
    assert int(run.outputs()[0]) <= 5_000


def test_beautifulsoup_reads_a_page_and_a_time_zone_is_known(anyone: Identity, toolbox: str) -> None:
    parse = "from bs4 import BeautifulSoup; print(BeautifulSoup('<p>하나<p>둘', 'lxml').find_all('p')[1].text)"
    zone = "import zoneinfo, tzdata; zoneinfo.reset_tzpath([]); print(zoneinfo.ZoneInfo('Asia/Seoul'))"
    run = finished(anyone, toolbox, bash(f'python3 -c "{parse}"'), bash(f'python3 -c "{zone}"'))
    assert run.outputs() == ["둘", "Asia/Seoul"]


def test_a_host_off_the_list_is_named_in_the_error(anyone: Identity, toolbox: str) -> None:
    ask = "import requests; requests.get('https://news.example.com/today')"
    run = finished(anyone, toolbox, bash(f'python3 -c "{ask}" 2>&1 | tail -1'))
    assert "403 news.example.com: host not allowed" in run.outputs()[0]


def test_pip_without_its_hosts_names_them(anyone: Identity, toolbox: str) -> None:
    commands = ("pip install feedparser", "pip3 download feedparser", "python3 -m pip install feedparser")
    run = finished(anyone, toolbox, *(bash(f"{command} 2>&1; echo status $?") for command in commands))
    for output in run.outputs():
        assert "403 pypi.org: host not allowed" in output
        assert output.endswith("status 1")
    for output in run.outputs()[:2]:
        assert "pip needs pypi.org and files.pythonhosted.org; this agent may not reach pypi.org or" in output


def test_of_pips_hosts_only_the_one_that_lacks_is_asked_for(anyone: Identity, toolbox: str) -> None:
    run = finished(anyone, toolbox, bash("pip install /no/such.whl 2>&1"), network={"allow": ["pypi.org"]})
    assert "may not reach files.pythonhosted.org. Its owner" in run.outputs()[0]


def test_what_pip_installs_is_there_in_the_next_run(anyone: Identity, toolbox: str) -> None:
    files = [("greeting-1.0-py3-none-any.whl", wheel("greeting", "TEXT = 'hello'\n"))]
    use = "python3 -c 'import greeting; print(greeting.TEXT, greeting.__file__)'"
    first = finished(
        anyone,
        toolbox,
        bash("pip install -q --no-index ./greeting-1.0-py3-none-any.whl 2>&1"),
        bash(use),
        workspace=files,
    )
    assert first.platform.report["workspace"]["notes"] == []
    second = finished(anyone, toolbox, bash(use), workspace=kept(first))
    place = r"hello /workspace/\.python/lib/python3\.\d+/site-packages/greeting\.py"
    assert re.fullmatch(place, first.outputs()[-1])
    assert second.outputs() == [first.outputs()[-1]]


def test_what_a_run_added_stands_before_nothing_and_starts_nothing(anyone: Identity, toolbox: str) -> None:
    plant = (
        "D=$(python3 -m site --user-site); mkdir -p $D; cd $D; "
        "echo 'raise SystemExit(1)' | tee json.py pandas.py encodings.py sitecustomize.py usercustomize.py; "
        "echo 'import os; os._exit(1)' > start.pth; echo 1 > model.py"
    )
    first = finished(anyone, toolbox, bash(plant))
    names = {path.rpartition("/")[2] for path, _ in kept(first)}
    assert names == {"json.py", "pandas.py", "encodings.py", "model.py"}
    second = finished(
        anyone,
        toolbox,
        bash("python3 -c 'import json, pandas; print(json.__file__, pandas.__file__)'"),
        workspace=kept(first),
    )
    assert re.fullmatch(r"/usr/lib\S*/json/__init__\.py /opt/toolbox/packages/pandas/__init__\.py", second.outputs()[0])


def test_an_agent_cannot_change_the_toolbox(identity: Identity, toolbox: str) -> None:
    attempts = (
        "echo x > /opt/toolbox/packages/sitecustomize.py; rm /opt/toolbox/toolbox.json; mv /opt/toolbox/bin /tmp/bin;"
        "chmod u+w /opt/toolbox/pip.conf; ln -sf /tmp/x /opt/toolbox/bin/python3; mount -o remount,rw /opt/toolbox;"
        "pip uninstall -qy pandas 2>&1 | tail -1; python3 -c 'import pandas; print(pandas.__file__)'"
    )
    run = finished(identity, toolbox, bash(f"({attempts}) 2>&1"))
    *refused, last = run.outputs()[0].splitlines()
    assert sum("Read-only file system" in line for line in refused) >= 5
    assert last == "/opt/toolbox/packages/pandas/__init__.py"
    found = Toolbox.at(toolbox)
    assert Path(found.folder, "packages/pandas/__init__.py").is_file()
    assert not Path(found.folder, "packages/sitecustomize.py").exists()
