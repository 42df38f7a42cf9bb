"""Searches the memory of pid 1 for words, each given backwards: scan.py DROW ...; prints what it found, or ABSENT."""

import sys

words = [word[::-1].encode() for word in sys.argv[1:]]
found = set()
with open("/proc/1/maps") as maps, open("/proc/1/mem", "rb", 0) as memory:
    for line in maps:
        span, rights, *_ = line.split()
        start, end = (int(edge, 16) for edge in span.split("-"))
        if "r" in rights and end - start < 1 << 28:
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except (OSError, OverflowError):
                continue
            found |= {word for word in words if word in content}
print(found or "ABSENT")
