"""The webhook receiver, asked over real HTTP."""

import http.client
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import pytest
from standardwebhooks import Webhook

from captionfleet_producers import Received, WebhookListener
from captionfleet_producers.listener import fresh_secret
from captionfleet_schemas import CaptionEvent, CaptionResult, JobState
from captionfleet_schemas.result import Timings
from captionfleet_schemas.signature import SignatureError, sign

SECRET: Final = fresh_secret()
NOW: Final = datetime.now(UTC)
EVENT: Final = CaptionEvent.of(
    CaptionResult(
        job_id="job-1",
        state=JobState.SUCCEEDED,
        model="m",
        caption="A bell.",
        timings=Timings(accepted_at=NOW, finished_at=NOW),
    )
)
BODY: Final = EVENT.encode()


class Inbox:
    """What the listener passed on; raises instead when told to."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.broken = False

    def put(self, delivery: Received) -> None:
        """Take a delivery in."""
        if self.broken:
            raise RuntimeError("no room")
        self.received.append(delivery)


@pytest.fixture
def inbox() -> Inbox:
    """An empty inbox."""
    return Inbox()


@pytest.fixture
def listener(inbox: Inbox) -> Iterator[WebhookListener]:
    """A listener on a free port, whose clock stands."""
    with WebhookListener(inbox.put, secrets=[SECRET], now=NOW.timestamp) as opened:
        yield opened


def headers(secret: str = SECRET, *, age: int = 0, body: bytes = BODY) -> dict[str, str]:
    """The signed headers of a delivery that is `age` seconds old."""
    return sign([secret], EVENT.id, int(NOW.timestamp()) - age, body)


def post(listener: WebhookListener, headers: dict[str, str], body: bytes = BODY) -> int:
    """Deliver, and return the status."""
    connection = http.client.HTTPConnection(urlsplit(listener.url).netloc, timeout=10)
    connection.request("POST", "/", body=body, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_good_delivery_is_passed_on(listener: WebhookListener, inbox: Inbox) -> None:
    """204, and the event with the id of its delivery."""
    status = post(listener, headers())

    assert status == 204
    assert inbox.received == [Received(EVENT.id, EVENT, repeated=False)]


def test_a_delivery_signed_by_the_official_library_is_good(listener: WebhookListener, inbox: Inbox) -> None:
    """The listener accepts what any Standard Webhooks sender sends."""
    signature = Webhook(SECRET).sign(EVENT.id, NOW, BODY.decode())
    stamp = str(int(NOW.timestamp()))

    status = post(
        listener, {"Webhook-Id": EVENT.id, "Webhook-Timestamp": stamp, "Webhook-Signature": f"v1,junk {signature}"}
    )

    assert status == 204
    assert len(inbox.received) == 1


@pytest.mark.parametrize(
    "forged", [{}, headers(fresh_secret()), headers(age=301), headers(age=-301), headers(body=BODY + b" ")]
)
def test_a_bad_signature_is_refused(listener: WebhookListener, inbox: Inbox, forged: dict[str, str]) -> None:
    """No headers, another secret, an old or future time, another body: 401, and nothing is passed on."""
    status = post(listener, forged)

    assert status == 401
    assert inbox.received == []


def test_a_repeat_is_told_from_a_new_delivery(listener: WebhookListener, inbox: Inbox) -> None:
    """It is answered like the first one, so that the sender stops."""
    statuses = [post(listener, headers()), post(listener, headers(age=5))]

    assert statuses == [204, 204]
    assert [delivery.repeated for delivery in inbox.received] == [False, True]


def test_repeats_that_come_at_once_count_once(listener: WebhookListener, inbox: Inbox) -> None:
    """Of ten deliveries of one event in ten threads, one is the first."""
    threads = [threading.Thread(target=post, args=(listener, headers())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(delivery.repeated for delivery in inbox.received) == [False] + [True] * 9


def test_a_signed_body_that_is_no_event_is_refused(listener: WebhookListener, inbox: Inbox) -> None:
    """400: signing does not make it an event."""
    status = post(listener, headers(body=b"{}"), b"{}")

    assert status == 400
    assert inbox.received == []


def test_when_the_receiver_fails_the_sender_tries_again(
    listener: WebhookListener, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """500, and the next attempt is not taken for a repeat."""
    inbox.broken = True
    first = post(listener, headers())
    inbox.broken = False

    second = post(listener, headers())

    assert (first, second) == (500, 204)
    assert [delivery.repeated for delivery in inbox.received] == [False]
    assert "no room" in caplog.text


def test_a_body_without_end_is_refused_unread(listener: WebhookListener, inbox: Inbox) -> None:
    """A stranger cannot fill the memory: the length is needed, and has a limit."""
    huge = post(listener, {**headers(), "content-length": "6000000"}, b"")
    unknown = post(listener, {**headers(), "transfer-encoding": "chunked"}, b"")

    assert (huge, unknown) == (413, 411)
    assert inbox.received == []


@pytest.mark.parametrize("secret", ["secret", "whsec_", "whsec_not base64!"])
def test_a_secret_that_is_none_is_refused(inbox: Inbox, secret: str) -> None:
    """Found out at the start, not at the first delivery."""
    with pytest.raises(SignatureError, match="whsec_ followed by base64"):
        WebhookListener(inbox.put, secrets=[secret])
