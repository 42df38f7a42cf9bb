"""JSON is taken only as every reader would take it."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.domain.errors import FieldError, Malformed
from ohmyagent.http.strict_json import DEEPEST, parsed

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))


@given(value=st.dictionaries(TEXTS, VALUES, max_size=5), escaped=st.booleans())
def test_every_sound_object_is_read_as_it_is(value: dict[str, Any], escaped: bool) -> None:
    assert parsed(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(body=st.binary(max_size=60))
def test_any_bytes_are_an_object_or_malformed(body: bytes) -> None:
    refusals: tuple[FieldError, ...] = ()
    try:
        parsed(body)
    except Malformed as refused:
        refusals = refused.errors or (FieldError("", ""),)
    assert all(refusal.field and refusal.message for refusal in refusals)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"a": {"b": 1, "b": 2}}', "b"),
        (b'{"a": [1, {"b": "\\ud83d"}]}', "a.1.b"),
        (b'{"a": {"b": -9223372036854775809}}', "a.b"),
        (b'{"a": {"b": 1e309}}', "a.b"),
        (b'{"a": 01}', "body"),
        (b"{'a': 1}", "body"),
        (b'{"a": 1,}', "body"),
        (b'{"a": "\n"}', "body"),
        (b'{"a": 1}x', "body"),
        (b'{"a": tru}', "body"),
    ],
)
def test_the_refusal_names_the_field(body: bytes, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        parsed(body)
    assert [error.field for error in refused.value.errors] == [field]


def test_the_deepest_that_is_read_and_one_deeper() -> None:
    assert parsed(b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST)
    with pytest.raises(Malformed):
        parsed(b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1))


def test_a_pair_of_surrogates_is_one_letter() -> None:
    assert parsed(b'{"a": "\\ud83e\\udd80"}') == {"a": "🦀"}


@pytest.mark.parametrize("edge", [2**63 - 1, -(2**63)])
def test_the_edges_of_64_bits_are_within(edge: int) -> None:
    assert parsed(b'{"a": %d}' % edge) == {"a": edge}


@pytest.mark.parametrize(
    "part",
    [b"0,", b'"a",', b"[],", b'{"b":1},', b'"\\ud83e\\udd80",', b"1234567890123456789,"],
    ids=["numbers", "texts", "lists", "objects", "pairs of surrogates", "long numbers"],
)
def test_a_megabyte_of_anything_is_read_in_no_time(part: bytes) -> None:
    body = b'{"a": [' + part * (2**20 // len(part)) + b"0]}"
    begun = time.process_time()
    parsed(body)
    assert time.process_time() - begun < 15, "time must grow with the size of the body, not with its square"


def test_the_key_given_twice_is_found_in_no_time() -> None:
    names = b",".join(b'"%d":0' % number for number in [*range(100_000), 99_999])
    begun = time.process_time()
    with pytest.raises(Malformed) as refused:
        parsed(b"{" + names + b"}")
    assert refused.value.errors[0].field == "99999"
    assert time.process_time() - begun < 15
