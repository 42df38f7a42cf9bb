"""Google's tokens: which are believed, and how often the certificates are asked for."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ohmyagent.adapters.identities import Certificates, GoogleIdentities
from ohmyagent.domain.errors import Conflict, Unauthenticated, Unavailable
from tests.google import CLIENT_ID, Google, part, serving


@pytest.fixture
def google() -> Iterator[Google]:
    with serving() as found:
        yield found


def test_a_good_token_says_who_somebody_is_by_either_issuer(google: Google) -> None:
    identities = GoogleIdentities(CLIENT_ID, google.url)

    for issuer in ("https://accounts.google.com", "accounts.google.com"):
        found = identities.of(google.token("n", iss=issuer))
        assert (found.sub, found.nonce, found.email, found.verified_email) == ("1001", "n", "kim@example.com", True)
        assert (found.name, found.picture) == ("김하나", "https://pictures.example.com/1")
    assert google.asked == 1


def forged(google: Google, how: str) -> str:
    """A token that must not be believed."""
    now, good = int(time.time()), google.token("n")
    header, claims, signature = good.split(".")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if how == "signed with the public key as HS256":
        signed = f"{part({'alg': 'HS256', 'kid': 'one', 'typ': 'JWT'})}.{claims}"
        mac = hmac.digest(google.keys["one"].encode(), signed.encode(), hashlib.sha256)
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    tokens = {
        "empty": "",
        "not a token": "abc",
        "two parts": f"{header}.{claims}",
        "null bytes": "\0.\0.\0",
        "alg none": f"{part({'alg': 'none', 'kid': 'one'})}.{claims}.",
        "alg none with signature": f"{part({'alg': 'none', 'kid': 'one'})}.{claims}.{signature}",
        "another key": google.token("n", key=other),
        "unknown key id": google.token("n", kid="two", key=other),
        "no key id": google.token("n", kid=None),
        "key id of another type": f"{part({'alg': 'RS256', 'kid': ['one']})}.{claims}.{signature}",
        "header is a list": f"{base64.urlsafe_b64encode(b'[1]').decode()}.{claims}.{signature}",
        "claims are a list": f"{header}.{base64.urlsafe_b64encode(b'[1]').decode().rstrip('=')}.{signature}",
        "changed claims": f"{header}.{part({'sub': '1', 'aud': CLIENT_ID})}.{signature}",
        "wrong audience": google.token("n", aud="someone-else"),
        "audience is a list of another": google.token("n", aud=["someone-else"]),
        "no audience": google.token("n", aud=None),
        "wrong issuer": google.token("n", iss="https://accounts.example.com"),
        "no issuer": google.token("n", iss=None),
        "expired": google.token("n", iat=now - 7200, exp=now - 60),
        "from the future": google.token("n", iat=now + 600, exp=now + 3600),
        "no expiry": google.token("n", exp=None),
        "no subject": google.token("n", sub=None),
        "subject is a number": google.token("n", sub=1001),
        "empty subject": google.token("n", sub=""),
        "far too long": google.token("n", name="x" * 10_000),
    }
    return tokens[how]


@pytest.mark.parametrize(
    "how",
    [
        "empty", "not a token", "two parts", "null bytes", "alg none", "alg none with signature",
        "signed with the public key as HS256", "another key", "unknown key id", "no key id", "key id of another type",
        "header is a list", "claims are a list", "changed claims", "wrong audience", "audience is a list of another",
        "no audience", "wrong issuer", "no issuer", "expired", "from the future", "no expiry", "no subject",
        "subject is a number", "empty subject", "far too long",
    ],
)  # fmt: skip
def test_any_other_token_is_refused(google: Google, how: str) -> None:
    identities = GoogleIdentities(CLIENT_ID, google.url)

    with pytest.raises(Unauthenticated):
        identities.of(forged(google, how))

    assert identities.of(google.token("n")).sub == "1001"


def test_what_google_says_is_cut_to_what_may_be_kept(google: Google) -> None:
    identities = GoogleIdentities(CLIENT_ID, google.url)

    token = google.token(
        "n",
        name="가" * 200 + "\n",
        email="a@b\r\nBcc: c@example.com",
        picture="javascript:alert(1)",
        email_verified="true",
    )
    found = identities.of(token)

    assert (found.name, found.email, found.verified_email, found.picture) == ("가" * 80, None, False, None)


def test_without_a_client_id_the_operator_is_told_what_to_set(google: Google) -> None:
    with pytest.raises(Conflict, match="GOOGLE_CLIENT_ID"):
        GoogleIdentities(None, google.url).of(google.token("n"))


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_certificates_are_fetched_once_and_again_when_they_are_old_or_lack_a_key(google: Google) -> None:
    clock = Clock()
    certificates = Certificates(google.url, clock)

    for _ in range(5):
        assert certificates.by_id("one") == google.keys
    assert google.asked == 1
    clock.time += 60
    google.keys["two"] = google.keys["one"]
    assert "two" in certificates.by_id("two"), "Google has begun to sign with another key"
    assert google.asked == 2
    clock.time += 3601
    certificates.by_id("one")
    assert google.asked == 3


def test_invented_key_ids_do_not_make_it_ask_each_time(google: Google) -> None:
    clock = Clock()
    certificates = Certificates(google.url, clock)
    for number in range(50):
        certificates.by_id(f"invented-{number}")

    assert google.asked == 1


def test_old_certificates_hold_while_no_new_ones_can_be_had_but_not_for_ever(google: Google) -> None:
    clock = Clock()
    certificates = Certificates(google.url, clock)
    certificates.by_id("one")
    google.broken = True

    clock.time += 3600 + 60
    assert "one" in certificates.by_id("one")
    clock.time += 24 * 3600
    with pytest.raises(Unavailable):
        certificates.by_id("one")
    google.broken = False
    clock.time += 60
    assert "one" in certificates.by_id("one")


def test_without_any_certificate_nobody_is_believed(google: Google) -> None:
    google.broken = True

    with pytest.raises(Unavailable):
        GoogleIdentities(CLIENT_ID, google.url).of(google.token("n"))
