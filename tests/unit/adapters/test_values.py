"""How large a document is, by whichever way it is reckoned."""

from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.adapters.values import PLAIN, check_document, value_size
from ohmyagent.domain.errors import Invalid

TEXTS = (
    st.text(max_size=40) | st.text("a\0é", max_size=5) | st.sampled_from(["a" * PLAIN, "a" * (PLAIN - 1), "é" * PLAIN])
)


def size_or_none(check):
    try:
        return check()
    except Invalid:
        return None


@given(TEXTS)
def test_a_text_is_as_large_in_a_map_as_by_itself(text):
    alone = size_or_none(lambda: value_size(text, "name"))
    whole = size_or_none(lambda: value_size({"name": text}, "map"))
    assert whole == (None if alone is None else len("name") + 1 + alone)
    assert (size_or_none(lambda: check_document("agents/a1", {"name": text}) or 0) is None) == (alone is None)
