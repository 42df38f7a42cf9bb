"""The font of charts, and matplotlib's list of fonts: `fonts.py NANUM FOLDER` writes the list, run with the packages.

The font is NanumGothic with two gaps closed, under another name, as its licence (OFL 1.1) asks: it has no minus sign
(U+2212), which matplotlib puts on axes, and its bold style is marked as half bold.

The list holds the fonts of the toolbox and none of the host, so that a chart looks the same everywhere, and it spares
each run the search.  Programs ask for fonts that are not there: for Korean ones by the names of Windows and macOS, and
seaborn and the style sheets for Arial, which has no Hangul.  All these names lead to the font of charts.
"""

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
from fontTools.ttLib import TTFont

FAMILY = "Toolbox Gothic"
STYLES = {"Regular": ("NanumGothic.ttf", 400), "Bold": ("NanumGothicBold.ttf", 700)}
MINUS, EN_DASH = 0x2212, 0x2013
FAMILY_NAME, FULL_NAME, POSTSCRIPT_NAME = 1, 4, 6
ALIASES = (
    "NanumGothic", "Nanum Gothic", "NanumBarunGothic", "Malgun Gothic", "맑은 고딕", "AppleGothic",
    "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Gulim", "Dotum", "Arial", "Helvetica",
)  # fmt: skip


def derive(source: Path, style: str, weight: int, target: Path) -> None:
    """Write the font of charts in one style."""
    font = TTFont(source)
    for table in font["cmap"].tables:
        if table.isUnicode() and EN_DASH in table.cmap:
            table.cmap.setdefault(MINUS, table.cmap[EN_DASH])
    font["OS/2"].usWeightClass = weight
    names = {FAMILY_NAME: FAMILY, FULL_NAME: f"{FAMILY} {style}", POSTSCRIPT_NAME: f"{FAMILY.replace(' ', '')}-{style}"}
    for record in font["name"].names:
        if record.nameID in names:
            record.string = names[record.nameID]
    font.save(target)


def write_list(data: Path, folder: Path) -> None:
    from matplotlib import font_manager  # which searches for fonts at once, so these must be there before

    fonts = font_manager.fontManager
    fonts.ttflist = [entry for entry in fonts.ttflist if Path(entry.fname).is_relative_to(data)]
    fonts.afmlist = [entry for entry in fonts.afmlist if Path(entry.fname).is_relative_to(data)]
    ours = [entry for entry in fonts.ttflist if entry.name == FAMILY]
    if len(ours) != len(STYLES):
        sys.exit(f"matplotlib found {len(ours)} styles of {FAMILY} in {data}")
    fonts.ttflist += [replace(entry, name=alias) for alias in ALIASES for entry in ours]
    font_manager.json_dump(fonts, str(folder / f"fontlist-v{fonts.__version__}.json"))


def main(nanum: Path, folder: Path) -> None:
    data = Path(matplotlib.get_data_path())
    for style, (file, weight) in STYLES.items():
        derive(nanum / file, style, weight, data / "fonts" / "ttf" / f"ToolboxGothic-{style}.ttf")
    write_list(data, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
