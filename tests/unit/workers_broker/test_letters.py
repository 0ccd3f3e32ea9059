"""Dead letters: what they keep of a message, and what they leave out."""

import json
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from amqp import Message
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_producers.letters.found import Raw, letter_in
from captionfleet_schemas import CaptionResult, FailureCode
from captionfleet_schemas.dead_letters import MAX_LETTER_BYTES, DeadLetter
from captionfleet_workers.broker.amqp_transport import bare_header, is_decodable
from captionfleet_workers.broker.letter import letter_of
from captionfleet_workers.broker.reading import RawMessage
from captionfleet_workers.broker.rejection import rejected, webhook_of

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
HEADERS = {"task": "captionfleet.caption", "n": Decimal("1.5"), "at": AT, "raw": b"\xff", "deep": {"x": [1, None]}}
DEATH = {"reason": "delivery_limit", "queue": "captions", "time": AT.replace(tzinfo=None), "count": 1}


@given(body=st.binary(max_size=100), queue=st.none() | st.text())
def test_letter_can_be_read_back(body: bytes, queue: str | None) -> None:
    """To the byte, with headers of types that JSON does not have."""
    letter = letter_of(RawMessage(body=body, headers=HEADERS, content_type=5, queue=queue), "why", "show-42", AT)

    read = DeadLetter.decode(letter.encode())

    assert read is not None
    assert read == letter
    assert read.headers == HEADERS


def test_letter_that_would_be_too_long_keeps_no_body() -> None:
    """A broker would not take it; what was wrong, and how long it was, is told all the same."""
    body = b'"' * MAX_LETTER_BYTES
    encoded = letter_of(RawMessage(body=body), "why", None, AT).encode()

    read = DeadLetter.decode(encoded)

    assert read
    assert (read.body, read.size, len(encoded) < 1000) == (None, len(body), True)
    assert letter_in(Raw(body=encoded)).message is None


def test_credentials_are_left_out() -> None:
    """Headers of a job are; so is Celery's summary of the arguments, which repeats them."""
    job = {"audio": {"url": "https://example.com", "headers": {"authorization": "Bearer s3cret"}}}
    body = json.dumps([[], {"job_id": "a", "job": job}, {}]).encode()
    message = RawMessage(
        body=body,
        headers={"kwargsrepr": "s3cret", "argsrepr": "s3cret", "id": "a"},
        properties={"kwargsrepr": "s3cret"},
    )

    letter = letter_of(message, "why", "a", AT)

    assert b"s3cret" not in letter.encode()
    assert letter.without_credentials
    assert json.loads(letter.body or b"")[1]["job"]["audio"] == {"url": "https://example.com", "headers": None}


LETTERS: dict[str, tuple[Raw, str, str | None, str | None]] = {
    "of RabbitMQ": (
        Raw(body=b'[[], {"job_id": "a"}, {}]', headers={"x-death": [DEATH], "x-delivery-count": 21, "id": "a"}),
        "RabbitMQ put it aside: it was delivered more often than its queue allows",
        "captions",
        "a",
    ),
    "of an earlier release": (
        Raw(body=json.dumps({"reason": "bad", "message": {"job_id": "a", "job": {"lane": "bulk"}}}).encode()),
        "bad",
        "captions.bulk",
        "a",
    ),
    "of an event": (Raw(body=b'{"reason": "no event", "message": "{}"}'), "no event", None, None),
    "of anybody": (Raw(body=b"\xff"), "nobody has noted why", None, None),
    "of nothing": (Raw(body=b""), "nobody has noted why", None, None),
}


@pytest.mark.parametrize(("raw", "reason", "queue", "job_id"), LETTERS.values(), ids=LETTERS)
def test_other_letters_are_listed_too(raw: Raw, reason: str, queue: str | None, job_id: str | None) -> None:
    """By RabbitMQ, by a release before this one, or by whoever has put something there."""
    found = letter_in(raw)

    assert (found.reason, found.queue, found.job_id) == (reason, queue, job_id)
    assert found.message is None or not any(name.startswith("x-") for name in found.message.headers)


def test_id_stays_while_people_look() -> None:
    """RabbitMQ counts deliveries in a header of the letter."""
    ids = {Raw(body=b"x", headers={"a": 1, "x-delivery-count": count}).id for count in (0, 1, 7)}

    assert len(ids) == 1
    assert ids != {Raw(body=b"x", headers={"a": 2}).id}


@given(job=st.dictionaries(st.text(max_size=9) | st.sampled_from(["tenant", "lane", "metadata", "webhook"]), st.text()))
def test_rejection_of_anything_is_a_result(job: dict[str, Any]) -> None:
    """As much of a job counts as makes sense by itself."""
    result = rejected("show-42", job, "the body is empty", AT)

    assert CaptionResult.decode(result.encode()) == result
    assert result.failure
    assert result.failure.code is FailureCode.MESSAGE_REJECTED


@pytest.mark.parametrize(
    ("webhook", "url"),
    [
        ({"url": "https://example.com/hook", "later": 1}, "https://example.com/hook"),
        ({"url": "ftp://example.com"}, None),
        ({"url": 5}, None),
        ("https://example.com", None),
        (None, None),
    ],
)
def test_webhook_that_makes_sense_is_told(webhook: Any, url: str | None) -> None:
    """An address that a job could name, and nothing else."""
    assert webhook_of({"webhook": webhook}) == url


def test_header_that_cannot_be_decoded_is_left_out() -> None:
    """A timestamp that no datetime holds would take the connection with it."""
    table = b"\x03etaT" + struct.pack(">Q", 2**60)
    content = struct.pack(">HxxQ", 60, 5) + struct.pack(">H", 1 << 13) + struct.pack(">I", len(table)) + table
    message: Any = Message()

    message.inbound_header(bare_header(content))

    assert not is_decodable(content)
    assert is_decodable(bare_header(content))
    assert (message.body_size, message.properties) == (5, {})
