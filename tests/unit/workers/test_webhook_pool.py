"""The threads that make delivery attempts."""

import threading

from structlog.testing import capture_logs

from captionfleet_ledger import DueDelivery, LedgerUnavailableError
from captionfleet_workers.webhooks.fairness import Ending
from captionfleet_workers.webhooks.pool import DeliveryPool
from tests.polling import until

DELIVERED = Ending(seconds=0.1, answered=True)


class Attempts:
    """Attempts that last until they are let go."""

    def __init__(self, ending: Ending = DELIVERED) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.given_back: list[tuple[str, float, tuple[str, ...]]] = []
        self._ending = ending

    def __call__(self, due: DueDelivery) -> Ending:
        """Make one."""
        self.begun.append(due.delivery_id)
        self.go.wait(30)
        self.ended.append(due.delivery_id)
        return self._ending

    def leave_alone(self, endpoint: str, until_when: float, dropped: tuple[str, ...]) -> None:
        """An endpoint is left alone."""
        self.given_back.append((endpoint, until_when, dropped))

    def pool(self, threads: int = 4) -> DeliveryPool:
        """A pool that makes them."""
        return DeliveryPool(self, self.leave_alone, threads=threads)


def delivery_ids(count: int, endpoint: str = "0123456789abcdef") -> list[str]:
    """Ids as the ledger makes them."""
    return [f"dlv_07_{endpoint}_evt_{number}" for number in range(count)]


def test_an_attempt_is_made_without_waiting_for_it() -> None:
    """A slow receiver does not hold up the job; closing waits for what is under way."""
    attempts = Attempts()
    pool = attempts.pool()
    (one,) = delivery_ids(1)

    pool.deliver(one)
    before = list(attempts.ended)
    until(lambda: pool.under_way() == 1, "the attempt is under way")
    attempts.go.set()
    pool.close()

    assert (before, attempts.ended) == ([], [one])
    assert (pool.waiting(), pool.under_way()) == (0, 0)


def test_what_has_not_begun_is_left_to_the_ledger() -> None:
    """A process that stops finishes only what it has started, and takes nothing more."""
    attempts = Attempts()
    pool = attempts.pool(threads=1)
    first, second, third = delivery_ids(3)
    pool.deliver(first)
    pool.deliver(second)
    until(lambda: attempts.begun, "the first attempt is under way")
    closing = threading.Thread(target=pool.close)
    closing.start()

    until(lambda: pool.is_closed, "nothing more begins")
    pool.deliver(third)
    attempts.go.set()
    closing.join(30)

    assert attempts.begun == [first]
    assert not closing.is_alive()


def test_failed_attempts_are_logged_and_leave_their_thread() -> None:
    """An error of our own with its trace, an absent ledger by one line."""
    errors = {"dlv_bad": RuntimeError("an error of our own"), "dlv_away": LedgerUnavailableError("away")}
    attempted = list[str]()

    def attempt(due: DueDelivery) -> Ending:
        attempted.append(due.delivery_id)
        if due.delivery_id in errors:
            raise errors[due.delivery_id]
        return DELIVERED

    pool = DeliveryPool(attempt, Attempts().leave_alone, threads=1)
    with capture_logs() as lines:
        for one in ("dlv_bad", "dlv_away", "dlv_good"):
            pool.deliver(one)
        until(lambda: "dlv_good" in attempted, "the thread goes on")
        pool.close()

    assert [(line["event"], line["delivery_id"]) for line in lines] == [
        ("webhook.attempt_failed", "dlv_bad"),
        ("webhook.left_to_the_sweep", "dlv_away"),
    ]


def test_an_endpoint_that_is_left_alone_gives_up_what_waits() -> None:
    """What waits for it goes back to the ledger; what waits for others is attempted."""
    attempts = Attempts(Ending(seconds=1, answered=False, rests_until=1_800_000_000.0))
    pool = attempts.pool(threads=4)
    hanging, other = delivery_ids(5, "a" * 16), delivery_ids(1, "b" * 16)
    for one in [*hanging, *other]:
        pool.deliver(one)
    until(lambda: len(attempts.begun) == 1, "a new endpoint is tried by one attempt")
    attempts.go.set()

    until(lambda: len(attempts.given_back) == 2, "both endpoints are left alone")
    pool.close()

    assert sorted(attempts.begun) == sorted([hanging[0], *other])
    # The ledger is told of the one that was attempted too: it may have been postponed.
    assert attempts.given_back[0] == ("a" * 16, 1_800_000_000.0, tuple(hanging))


def test_more_are_asked_for_when_few_wait() -> None:
    """After each attempt, as the ledger may have more."""
    asked = threading.Event()
    attempts = Attempts()
    attempts.go.set()
    pool = attempts.pool()
    pool.when_drained(asked.set)

    pool.deliver("dlv_1")

    assert asked.wait(30)
    pool.close()
