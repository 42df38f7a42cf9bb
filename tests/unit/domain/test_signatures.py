"""Standard Webhooks: what is signed, and what passes."""

from datetime import UTC, datetime, timedelta

import pytest

from ohmyagent.domain.errors import RateLimited
from ohmyagent.domain.hooks import RUNS_IN_WINDOW, WINDOW, Hook, input_text
from ohmyagent.domain.signatures import BOTH_HOLD, Keys, new_key, signature, verified

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
SENT = datetime.fromtimestamp(1614265330, UTC)
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""Made by the package standardwebhooks 1.1.0."""
TIMESTAMP = "1614265330"


def passes(
    *keys: str, id: str = ID, timestamp: str = TIMESTAMP, given: str = SIGNED, body: bytes = BODY, now: datetime = SENT
) -> bool:
    return verified(keys or (KEY,), id, timestamp, given, body, now)


def test_the_signature_is_that_of_the_reference_library() -> None:
    assert signature(KEY, ID, 1614265330, BODY) == SIGNED
    assert passes()


@pytest.mark.parametrize("minutes", [-5, 5])
def test_five_minutes_are_tolerated_and_no_second_more(minutes: int) -> None:
    assert passes(now=SENT + timedelta(minutes=minutes))
    assert not passes(now=SENT + timedelta(minutes=minutes, seconds=minutes / 5))


def test_one_right_signature_among_several_is_enough() -> None:
    other = signature(new_key(), ID, TIMESTAMP, BODY)
    assert passes(given=f"{other} v1a,x {SIGNED}")
    assert not passes(given=other)
    assert passes(new_key(), KEY)
    assert not passes(new_key())


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + b" "}, {"id": ID + "x"}, {"timestamp": "1614265331"}, {"given": ""}, {"given": SIGNED[3:]},
        {"given": SIGNED.replace("v1,", "v2,")}, {"given": SIGNED[:-2]}, {"given": "v1,\u00e9"}, {"given": " "},
        {"timestamp": ""}, {"timestamp": "1614265330.0"}, {"timestamp": "-1"}, {"timestamp": "nan"}, {"id": ""},
        {"timestamp": "\u0661"}, {"timestamp": "9" * 400}, {"id": "m" * 201}, {"id": "a b"}, {"id": "\u00e9"},
    ],
    ids=repr,
)  # fmt: skip
def test_whatever_else_differs_does_not_pass(changed: dict[str, object]) -> None:
    assert not passes(**changed)  # type: ignore[arg-type]


def test_one_signature_never_stands_for_two_messages() -> None:
    """Without the rule on dots, `a` at 1614265330 with body `1614265331.x` would also be `a.1614265330`."""
    signed = signature(KEY, "a", TIMESTAMP, b"1614265331.x")
    assert signature(KEY, f"a.{TIMESTAMP}", "1614265331", b"x") == signed
    assert passes(id="a", given=signed, body=b"1614265331.x")
    assert not passes(id=f"a.{TIMESTAMP}", timestamp="1614265331", given=signed, body=b"x")


def test_a_rotated_key_holds_for_a_day() -> None:
    keys = Keys(sealed="old").rotated("new", SENT)
    assert keys.holding(SENT + BOTH_HOLD - timedelta(seconds=1)) == ("new", "old")
    assert keys.holding(SENT + BOTH_HOLD) == ("new",)


def test_a_new_key_is_unlike_any_other_and_can_sign() -> None:
    assert new_key() != new_key()
    assert len(new_key()) == len("whsec_") + 44
    assert signature(new_key(), "a", 1, b"").startswith("v1,")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", None), ("주문 1건\n\t끝\r\n".encode(), "주문 1건\n\t끝\r\n"), (b"--version", "--version"),
        (b"a\0b", "data:text/x;base64,YQBi"), (b"\xff\xfe", "data:text/x;base64,//4="),
        (b"\x1b[2J", "data:text/x;base64,G1sySg=="),
    ],
)  # fmt: skip
def test_a_body_is_kept_as_typed_or_as_one_address_of_its_bytes(body: bytes, text: str | None) -> None:
    assert input_text(body, "text/x") == text


@pytest.mark.parametrize("kind", ["", "x", "text/html; a=b", "a/b\n", "A/B", "a/" + "b" * 65])
def test_an_odd_media_type_is_not_repeated(kind: str) -> None:
    assert input_text(b"\0", kind) == "data:application/octet-stream;base64,AA=="


def test_a_minute_has_so_many_runs() -> None:
    hook = Hook(id="h_1", agent_id="a_1", user_id="u_1", keys=Keys(sealed=""), created_at=SENT)
    for second in range(RUNS_IN_WINDOW):
        hook = hook.used_at(SENT + timedelta(seconds=second))
    with pytest.raises(RateLimited) as refused:
        hook.used_at(SENT + timedelta(seconds=45))
    assert refused.value.retry_after == 15
    assert hook.used_at(SENT + WINDOW).used == 1
