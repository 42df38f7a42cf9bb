"""What the gateway reads of a request, and what it refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.domain.errors import Forbidden, Invalid, Malformed
from ohmyagent.gateway.request import count_request, message_request
from ohmyagent.gateway.screening import IMAGE_BYTES, SEARCHES_UNLESS_SAID
from ohmyagent.gateway.strict_json import members, replaced

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def body(**fields):
    whole = {"model": "sonnet", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]} | fields
    return json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()


@given(st.dictionaries(st.text(), JSON), st.sampled_from([None, 1, 3]), st.booleans())
def test_members_are_found_where_they_stand(value, indent, plain):
    text, found = members(json.dumps(value, indent=indent, ensure_ascii=plain).encode("utf-8", "surrogatepass"))
    assert {name: member.value for name, member in found.items()} == value
    assert all(json.loads(text[member.start : member.end]) == member.value for member in found.values())


@given(st.dictionaries(st.text(), JSON, min_size=1), st.integers(), st.data())
def test_replacing_a_member_changes_nothing_else(value, new, data):
    text, found = members(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    name = data.draw(st.sampled_from(sorted(value)))
    assert json.loads(replaced(text, found, {name: new})) == value | {name: new}


@pytest.mark.parametrize(
    "raw",
    [
        b"", b" ", b"null", b"[]", b"1", b'"x"', b"{", b"{}x", b'{"a"}', b'{"a":}', b'{"a":1,}', b'{,"a":1}', b"{a:1}",
        b'{"a":1}{"a":1}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":[-Infinity]}', b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}', b'{"a":{"b":1,"b":2}}', b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\x00",
        b'{"a":"\xed\xa0\x80"}', b'{"a":"\x00"}', b'{"a":' + b"[" * 100_000, b'{"a":' + b'{"a":' * 100_000,
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
)  # fmt: skip
def test_what_parsers_disagree_on_is_malformed(raw):
    with pytest.raises(Malformed):
        members(raw)


def test_a_surrogate_that_stands_escaped_passes_as_it_came():
    raw = body(system="\ud800")
    assert message_request(raw).naming("other", 7).count(b"\\ud800") == 1


def test_a_request_that_needs_no_change_is_forwarded_byte_for_byte():
    raw = b'{ "max_tokens":5 , "model":"m","messages":[] , "temperature":1e400 }'
    assert message_request(raw).naming("m", 5) is raw


def test_model_and_max_tokens_are_changed_in_place():
    raw = b'{ "max_tokens": 900, "x": 1.10, "model" :"alias", "messages":[],"y":"\xed\x95\x9c" }'
    changed = message_request(raw).naming("real", 50)
    assert changed == b'{ "max_tokens": 50, "x": 1.10, "model" :"real", "messages":[],"y":"\xed\x95\x9c" }'


@pytest.mark.parametrize(
    "fields",
    [
        {"model": ...}, {"model": None}, {"model": ""}, {"model": 3}, {"model": "m" * 201}, {"stream": 1},
        {"stream": None},
        {"max_tokens": ...}, {"max_tokens": 0}, {"max_tokens": -5}, {"max_tokens": "9"}, {"max_tokens": True},
        {"max_tokens": 1.5}, {"max_tokens": 10**30}, {"messages": {}}, {"messages": "hi"}, {"messages": [3]},
        {"tools": [[]]},
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(fields):
    with pytest.raises(Invalid) as refused:
        message_request(body(**fields))
    assert refused.value.errors[0].field in fields


def test_counting_needs_no_max_tokens():
    assert count_request(body(max_tokens=...)).naming("sonnet", 0) == body(max_tokens=...)


@pytest.mark.parametrize(
    "fields",
    [
        {"mcp_servers": [{"type": "url", "url": "https://evil.example.com"}]},
        {"container": "c1"},
        {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
        {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]},
        {"tools": [{"type": "mcp_toolset", "mcp_server_name": "x"}]},
        {"speed": "fast"}, {"speed": []}, {"inference_geo": "us"},
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://x"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "file", "file_id": "f"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [
            {"type": "image", "source": {"type": "url", "url": "https://x"}}]}]}]},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "content", "content": [
            {"type": "image", "source": {"type": "url", "url": "https://x"}}]}}]}]},
    ],
)  # fmt: skip
def test_ways_out_of_the_sandbox_and_dearer_modes_are_forbidden(fields):
    with pytest.raises(Forbidden):
        message_request(body(**fields))
    with pytest.raises(Forbidden):
        count_request(body(**fields))


def test_what_the_provider_knows_and_we_do_not_passes():
    fields = {
        "tools": [{"name": "Bash", "input_schema": {}}, {"type": "bash_20250124"}, {"defer_loading": True}],
        "messages": [{"role": "system", "content": "x"}, {"content": [{"type": "new"}], "output_config": {}}],
        "context_management": {"edits": []}, "speed": "standard", "mcp_servers": [], "anything": {"else": [1]},
    }  # fmt: skip
    assert message_request(body(**fields)).body == body(**fields)


@pytest.mark.parametrize(
    ("tools", "searches"),
    [
        ([], 0),
        ([{"name": "WebSearch"}], 0),
        ([{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}], 8),
        ([{"type": "web_search_20250305", "name": "web_search"}], SEARCHES_UNLESS_SAID),
        ([{"type": "web_search_20250305", "name": "web_search", "max_uses": 10**9}], SEARCHES_UNLESS_SAID),
    ],
)
def test_the_searches_that_a_request_allows_are_known(tools, searches):
    assert message_request(body(tools=tools)).extent.searches == searches


def test_an_image_counts_as_what_it_costs_not_by_its_bytes():
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 500_000}
    raw = body(messages=[{"role": "user", "content": [{"type": "image", "source": source}]}])
    assert message_request(raw).text_bytes == len(raw) - 500_000 + IMAGE_BYTES
    document = body(messages=[{"role": "user", "content": [{"type": "document", "source": source}]}])
    assert message_request(document).text_bytes == len(document)


def test_images_of_a_few_bytes_count_as_what_they_cost():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 400}}
    raw = body(messages=[{"role": "user", "content": [image] * 100}])
    assert message_request(raw).text_bytes == len(raw) + 100 * (IMAGE_BYTES - 400)


def test_a_pdf_may_be_a_whole_window_wherever_it_stands():
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "A" * 400}}
    text = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A" * 400}}
    within = {"type": "tool_result", "tool_use_id": "t", "content": [pdf]}
    for blocks, unseen in (([pdf], True), ([within], True), ([text], False), ([{"type": "text", "text": "hi"}], False)):
        request = message_request(body(messages=[{"role": "user", "content": blocks}]))
        assert request.extent.unseen is unseen
        assert (request.most_input(200_000) == 200_000) is unseen
