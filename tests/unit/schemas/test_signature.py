"""Signatures of webhooks, against the official library and against whoever tampers with them."""

import time
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from captionfleet_schemas.signature import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    TOLERANCE_SECONDS,
    SignatureError,
    sign,
    verify,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "b3RoZXIgc2VjcmV0IG9mIHRoaXMgdGVzdA=="
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'

ANY_TEXT = st.text(st.characters(), max_size=40)
STAMPS = ANY_TEXT | st.integers().map(str) | st.sampled_from(["9" * 400, "9" * 5000, "1e9", "²", str(AT), "٣"])
SIGNATURES = ANY_TEXT | st.sampled_from(["v1", "v1,", "v1,a", "v1,é", "v1,\udc80", "v2,AAAA", "v1,AAAA,BBBB", " ", ","])


def test_vector_of_the_specification() -> None:
    """The secret, id, time and body that the specification publishes give what its official library gives."""
    headers = sign([SECRET], ID, AT, BODY)

    official = Webhook(SECRET).sign(ID, datetime.fromtimestamp(AT, UTC), BODY.decode())
    assert headers == {ID_HEADER: ID, TIMESTAMP_HEADER: str(AT), SIGNATURE_HEADER: official}
    assert official.startswith("v1,g0hM9SsE+OTPJTGt/tm")


@given(st.text(min_size=1), st.binary(min_size=24, max_size=64))
def test_any_body_and_key_agree_with_the_official_library(body: str, key: bytes) -> None:
    """Both sign the same bytes with the same key to the same text."""
    library = Webhook(key)
    secret = "whsec_" + b64encode(key).decode()

    headers = sign([secret], ID, AT, body.encode())

    assert headers[SIGNATURE_HEADER] == library.sign(ID, datetime.fromtimestamp(AT, UTC), body)


def test_official_library_accepts_ours() -> None:
    """A receiver that uses the official library reads our deliveries."""
    headers = sign([SECRET], ID, int(time.time()), BODY)

    assert Webhook(SECRET).verify(BODY, headers) == {"test": 2432232314}


def test_ours_accepts_the_official_library() -> None:
    """Deliveries of anybody who signs by the specification pass our check, and fail it when they are changed."""
    signature = Webhook(SECRET).sign(ID, datetime.fromtimestamp(AT, UTC), BODY.decode())
    headers = {ID_HEADER: ID, TIMESTAMP_HEADER: str(AT), SIGNATURE_HEADER: signature}

    verify([SECRET], headers, BODY, now=AT)

    with pytest.raises(SignatureError, match="no signature fits"):
        verify([SECRET], headers, BODY + b" ", now=AT)


@pytest.mark.parametrize("known", [[SECRET], [OTHER], [OTHER, SECRET]])
def test_rotation_needs_no_appointment(known: list[str]) -> None:
    """While two secrets sign, a receiver may know the old one, the new one or both."""
    headers = sign([SECRET, OTHER], ID, AT, BODY)

    verify(known, headers, BODY, now=AT)

    assert headers[SIGNATURE_HEADER].count("v1,") == 2


def test_official_library_accepts_either_secret_of_a_rotation() -> None:
    """The second signature of the header counts as much as the first."""
    headers = sign([SECRET, OTHER], ID, int(time.time()), BODY)

    answers = [Webhook(secret).verify(BODY, headers) for secret in (SECRET, OTHER)]

    assert answers == [{"test": 2432232314}] * 2


def test_signatures_of_other_schemes_are_passed_over() -> None:
    """A later version of the specification may add its own beside ours."""
    headers = sign([SECRET], ID, AT, BODY)
    headers[SIGNATURE_HEADER] = f"v1a,AAAA v2 {headers[SIGNATURE_HEADER]}"

    verify([SECRET], headers, BODY, now=AT)

    assert headers[SIGNATURE_HEADER].startswith("v1a")


@pytest.mark.parametrize(
    ("header", "value"),
    [(ID_HEADER, "msg_other"), (TIMESTAMP_HEADER, str(AT + 1)), (SIGNATURE_HEADER, "v1,AAAA")],
)
def test_tampering_with_a_header_is_found(header: str, value: str) -> None:
    """Id and time are signed as well as the body."""
    headers = {**sign([SECRET], ID, AT, BODY), header: value}

    with pytest.raises(SignatureError, match="no signature fits"):
        verify([SECRET], headers, BODY, now=AT)


@pytest.mark.parametrize("secrets", [[OTHER], []])
def test_another_secret_does_not_fit(secrets: list[str]) -> None:
    """Without the right secret there is no right signature."""
    headers = sign([SECRET], ID, AT, BODY)

    with pytest.raises(SignatureError, match="no signature fits"):
        verify(secrets, headers, BODY, now=AT)


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_old_and_early_deliveries_are_refused(away: int) -> None:
    """A recorded delivery cannot be played again later; five minutes of clock difference are allowed."""
    headers = sign([SECRET], ID, AT, BODY)

    verify([SECRET], headers, BODY, now=AT + (away - 1 if away > 0 else away + 1))

    with pytest.raises(SignatureError, match="away from this clock"):
        verify([SECRET], headers, BODY, now=AT + away)


@pytest.mark.parametrize("header", [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER])
def test_missing_header_is_named(header: str) -> None:
    """The message says which one."""
    headers = sign([SECRET], ID, AT, BODY)
    del headers[header]

    with pytest.raises(SignatureError, match=f"missing header {header}"):
        verify([SECRET], headers, BODY, now=AT)


@given(ANY_TEXT, STAMPS, SIGNATURES)
def test_malformed_headers_raise_nothing_else(event_id: str, stamp: str, signature: str) -> None:
    """Whatever a stranger sends, a receiver has one exception to catch."""
    headers = {ID_HEADER: event_id, TIMESTAMP_HEADER: stamp, SIGNATURE_HEADER: signature}

    with pytest.raises(SignatureError):
        verify([SECRET], headers, BODY, now=float(AT))


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_???", "whsec_AAA", "whsec_é"]
)
def test_what_is_no_secret_is_refused_without_being_shown(secret: str) -> None:
    """A typing mistake in a secret is still nearly the secret."""
    with pytest.raises(SignatureError) as refused:
        sign([SECRET, secret], ID, AT, BODY)

    assert str(refused.value) == "a webhook secret is whsec_ followed by base64"
