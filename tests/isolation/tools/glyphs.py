"""Prints the Hangul that a chart shows as an empty box: `glyphs.py TEXT [FAMILY]`, where FAMILY may be `seaborn`.

Without a glyph every syllable is drawn alike; matplotlib then shows one box for the whole script.
"""

import sys
import warnings

import matplotlib.pyplot as plt

ANOTHER = "힣"


def drawn(text: str) -> bytes:
    """The pixels of a text."""
    figure = plt.figure(figsize=(1, 1))
    figure.text(0.3, 0.3, text, fontsize=24)
    figure.canvas.draw()
    pixels = bytes(figure.canvas.buffer_rgba())
    plt.close(figure)
    return pixels


warnings.simplefilter("ignore")
if sys.argv[2:] == ["seaborn"]:
    import seaborn

    seaborn.set_theme()
elif sys.argv[2:]:
    plt.rcParams["font.family"] = sys.argv[2]
lost = (drawn(ANOTHER), drawn(" "))
print("boxes:", "".join(letter for letter in sys.argv[1] if drawn(letter) in lost))
