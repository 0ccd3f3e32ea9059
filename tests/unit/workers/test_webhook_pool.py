"""First attempts at webhooks, in threads of the process that has settled the job."""

import threading

import pytest
from structlog.testing import capture_logs

from captionfleet_workers.webhooks import prompt
from captionfleet_workers.webhooks.prompt import PromptDeliveries
from tests.polling import until


def is_closed(deliveries: PromptDeliveries) -> bool:
    """Whether `close` has begun; until then another delivery is left waiting."""
    try:
        deliveries.deliver("dlv_waiting")
    except RuntimeError:
        return True
    return False


def test_attempt_is_made_without_waiting_for_it() -> None:
    """A slow receiver does not hold up the job; closing waits for what is under way."""
    answered, attempted, queued = threading.Event(), list[str](), list[str]()

    def attempt(delivery_id: str) -> None:
        answered.wait(30)
        attempted.append(delivery_id)

    deliveries = PromptDeliveries(attempt, queued.append)
    deliveries.deliver("dlv_1")
    before = list(attempted)
    answered.set()
    deliveries.close()

    assert (before, attempted, queued) == ([], ["dlv_1"], [])


def test_what_finds_no_room_goes_to_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow receivers do not pile up in one process."""
    monkeypatch.setattr(prompt, "ROOM", 2)
    answered, attempted, queued = threading.Event(), list[str](), list[str]()

    def attempt(delivery_id: str) -> None:
        answered.wait(30)
        attempted.append(delivery_id)

    deliveries = PromptDeliveries(attempt, queued.append)
    for number in range(4):
        deliveries.deliver(f"dlv_{number}")
    answered.set()
    deliveries.close()

    assert sorted(attempted) == ["dlv_0", "dlv_1"]
    assert queued == ["dlv_2", "dlv_3"]


def test_attempts_that_have_not_begun_are_left_to_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that stops finishes only what it has started."""
    monkeypatch.setattr(prompt, "THREADS", 1)
    begun, answered, attempted = threading.Event(), threading.Event(), list[str]()

    def attempt(delivery_id: str) -> None:
        begun.set()
        answered.wait(30)
        attempted.append(delivery_id)

    deliveries = PromptDeliveries(attempt, list[str]().append)
    deliveries.deliver("dlv_1")
    deliveries.deliver("dlv_2")
    begun.wait(30)
    closing = threading.Thread(target=deliveries.close)
    closing.start()
    until(lambda: is_closed(deliveries), "nothing more is taken")
    answered.set()
    closing.join(30)

    assert attempted == ["dlv_1"]
    assert not closing.is_alive()


def test_failed_attempt_is_logged_and_leaves_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of our own do not use the room up."""
    monkeypatch.setattr(prompt, "ROOM", 1)
    attempted, queued = list[str](), list[str]()

    def attempt(delivery_id: str) -> None:
        attempted.append(delivery_id)
        if delivery_id == "dlv_bad":
            raise RuntimeError("an error of our own")

    deliveries = PromptDeliveries(attempt, queued.append)

    def finds_room() -> bool:
        deliveries.deliver("dlv_good")
        return "dlv_good" in attempted

    with capture_logs() as lines:
        deliveries.deliver("dlv_bad")
        until(finds_room, "another attempt finds room")
        deliveries.close()

    assert lines[0]["event"] == "webhook.attempt_failed"
    assert lines[0]["delivery_id"] == "dlv_bad"
    assert attempted[0] == "dlv_bad"
