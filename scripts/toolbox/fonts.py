"""Matplotlib's list of fonts, made once: `fonts.py FOLDER` writes it, run by the toolbox's Python with its packages.

It holds the fonts of the toolbox and none of the host, so that a chart looks the same everywhere, and it spares each
run the search.  Charts ask for fonts that are not there, Korean ones by Windows' or macOS's name, and seaborn and the
style sheets for Arial: these names lead to NanumGothic, which has Hangul.
"""

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
from matplotlib import font_manager

KOREAN = "NanumGothic"
ALIASES = (
    "Arial", "Helvetica", "Nanum Gothic", "NanumBarunGothic", "Malgun Gothic", "맑은 고딕", "AppleGothic",
    "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Gulim", "Dotum",
)  # fmt: skip


def main(folder: Path) -> None:
    data = Path(matplotlib.get_data_path())
    fonts = font_manager.fontManager
    fonts.ttflist = [entry for entry in fonts.ttflist if Path(entry.fname).is_relative_to(data)]
    fonts.afmlist = [entry for entry in fonts.afmlist if Path(entry.fname).is_relative_to(data)]
    korean = [entry for entry in fonts.ttflist if entry.name == KOREAN]
    if not korean:
        sys.exit(f"{KOREAN} is not among the fonts of {data}")
    for alias in ALIASES:
        fonts.ttflist += [replace(entry, name=alias) for entry in korean]
    font_manager.json_dump(fonts, str(folder / f"fontlist-v{fonts.__version__}.json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
