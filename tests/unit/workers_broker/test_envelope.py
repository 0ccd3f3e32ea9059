"""What comes off a Redis list is brought into the form that kombu expects, whatever it is."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_workers.broker.envelope import MAX_DEPTH, MAX_ITEM_BYTES, body_of, envelope_of
from captionfleet_workers.broker.messages import ListMessage
from captionfleet_workers.broker.reading import OVERSIZED
from tests.foreign import Foreign, envelope

BODY = b'[[], {"job_id": "a"}, {}]'
PLACE = {"exchange": "", "routing_key": "captions"}


def body_in(item: bytes) -> bytes:
    """The body that a worker sees of an item."""
    found = envelope_of(item, "captions")
    return body_of(found["body"], found["properties"]["body_encoding"])


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    "item",
    [
        envelope(Foreign(body=BODY)),
        json.dumps({"body": BODY.decode()}).encode(),
        json.dumps({"body": BODY.decode(), "properties": {"body_encoding": "base64"}}).encode(),
        json.dumps({"body": BODY.decode(), "properties": {"body_encoding": "rot13"}}).encode(),
        json.dumps({"body": base64.b64encode(BODY).decode(), "properties": []}).encode(),
        json.dumps({"body": json.loads(BODY), "headers": 5, "properties": None}).encode(),
        BODY,
    ],
)
def test_body_is_found(item: bytes) -> None:
    """In base64, as text, as JSON, or as the item itself."""
    assert body_in(item) == BODY


@pytest.mark.parametrize(
    "item", [b"hello", b"", b"\xff\xfe", b"5", b"[" * 100_000, b'{"job_id": 1}', json.dumps(nested(300)).encode()]
)
def test_what_is_no_envelope_is_a_body(item: bytes) -> None:
    """To the byte, so that a dead letter has what was sent."""
    assert body_in(item) == item


def test_headers_that_could_not_be_written_again_make_it_none() -> None:
    """Kombu writes the envelope among the messages in hand."""
    deep = json.dumps({"body": "x", "headers": nested(MAX_DEPTH + 1), "more": [[]] * 40}).encode()
    shallow = json.dumps({"body": "x", "headers": nested(MAX_DEPTH), "more": [[]] * 40}).encode()

    assert envelope_of(deep, "captions")["headers"] == {}
    assert envelope_of(shallow, "captions")["headers"] == nested(MAX_DEPTH)


def test_item_that_is_too_large_leaves_its_size() -> None:
    """Nothing as large is written once more."""
    assert envelope_of(b"x" * (MAX_ITEM_BYTES + 1), "captions")["headers"] == {OVERSIZED: MAX_ITEM_BYTES + 1}


def test_it_goes_back_to_where_it_was_under_a_tag_of_its_own() -> None:
    """Whatever a service has written by hand, perhaps the same into all of its messages."""
    item = envelope(Foreign(body=BODY), delivery_tag="1", delivery_info={"exchange": "no-such", "routing_key": 5})

    one, other = (envelope_of(item, "captions")["properties"] for _ in range(2))

    assert one["delivery_info"] == other["delivery_info"] == PLACE
    assert one["delivery_tag"] != other["delivery_tag"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["body", "headers", "properties", "content-type", "content-encoding", "body_encoding", "delivery_info"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(item=st.binary(max_size=80) | values.map(lambda value: json.dumps(value).encode()))
def test_every_item_makes_a_message(item: bytes) -> None:
    """One that kombu can read, and write again."""
    found = envelope_of(item, "captions")

    message = ListMessage(found)

    assert json.loads(json.dumps(found))["properties"]["delivery_info"] == PLACE
    assert isinstance(message.body, bytes)
    assert isinstance(message.headers, dict)
    assert message.errors == []
