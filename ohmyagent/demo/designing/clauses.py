"""A message as the several things that it says: `저녁 6시로 바꾸고, 얼마나 들지 알려 줘` is a change and a question."""

import re

_BETWEEN = re.compile(
    r"(?<=[가-힣]고)(?<!말고)(?<!빼고)(?<!그리고)(?<!하지 않고),? +|(?<=[.!?])\s+|\n+|,?"
    r" +(?:그리고|그 ?다음에?|그런 ?다음에?) +"
    r"|,? +(?:and then|and also|then)\b *|,? +and +(?=(?:try|test|run|show|tell|how|what|save|list)\b)|, *(?=how\b)",
    re.I,
)


def clauses(text: str) -> list[str]:
    """The parts between full stops and words like `고` and `and then`, each as it was said."""
    return [part.strip() for part in _BETWEEN.split(text) if part and part.strip(" ,.!?")]
