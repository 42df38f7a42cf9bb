"""Secrets in an answer: covered wherever they stand, however they come in pieces, at their own length."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.gateway.masking import Mask

SECRET = 'canary/7f3a"9b2c+&d='


def masked(text: bytes, step: int, *secrets: str) -> bytes:
    mask = Mask(secrets or (SECRET,))
    parts = [mask.feed(text[at : at + step]) for at in range(0, len(text), step)]
    return b"".join([*parts, mask.rest()])


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "form",
    [
        SECRET, f"Bearer {SECRET}", json.dumps({"key": SECRET}), json.dumps(SECRET).replace("/", "\\/"), quote(SECRET),
        quote(SECRET, safe="").lower(), SECRET.replace("&", "&amp;").replace('"', "&quot;"), SECRET.encode().hex(),
        *(base64.b64encode(b"user:"[:cut] + SECRET.encode()).decode() for cut in range(6)),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)  # fmt: skip
def test_every_usual_form_is_covered_in_any_pieces(form: str, step: int) -> None:
    text = f"before {form} after, can canary {form}".encode()
    found = masked(text, step)
    assert len(found) == len(text)
    assert found.startswith(b"before ")
    assert b"after, can canary" in found
    assert form.encode() not in found
    assert found.count(b"********") >= 2


@given(st.binary(max_size=300), st.integers(1, 50))
def test_what_holds_no_secret_passes_as_it_is(text: bytes, step: int) -> None:
    assert masked(text, step, "canary-7f3a9b2c") == text


@given(st.lists(st.sampled_from(["canary-7", "canary-7f3a", "x", "can", "-7f3a", "c"]), max_size=30), st.integers(1, 9))
def test_pieces_make_no_difference(words: list[str], step: int) -> None:
    text = "".join(words).encode()
    whole = Mask(["canary-7", "canary-7f3a"]).whole(text)
    found = masked(text, step, "canary-7", "canary-7f3a")
    assert len(found) == len(whole)
    assert b"canary-7" not in found


def test_a_stream_is_held_back_no_further_than_it_must_be() -> None:
    mask = Mask([SECRET])
    assert mask.feed(b"data: 1\n\n") == b"data: 1\n\n"
    assert mask.feed(b"data: canary") == b"data: "
    assert mask.feed(b"-bird\n\n") == b"canary-bird\n\n"
    assert mask.rest() == b""
