"""What a model has taught about the length that it takes: the lowest counts, for a while, for the whole fleet."""

from captionfleet_ledger import Ledger
from captionfleet_ledger.limits import WEEK_SECONDS
from tests.functional.ledger.making import Clock

MODEL = "captioner"


def test_the_lowest_limit_holds(ledger: Ledger) -> None:
    """A higher one that is learned later changes nothing; each model has its own."""
    before = ledger.limits.seconds(MODEL)

    held = [ledger.limits.learn(MODEL, seconds) for seconds in (1200.0, 600.5, 900.0)]

    assert before is None
    assert held == [1200.0, 600.5, 600.5]
    assert (ledger.limits.seconds(MODEL), ledger.limits.seconds("another")) == (600.5, None)


def test_a_limit_is_forgotten_after_a_week(ledger: Ledger, clock: Clock) -> None:
    """The model is then asked for its full length again, and a higher limit can be learned."""
    ledger.limits.learn(MODEL, 600.0)
    clock.advance(WEEK_SECONDS)

    forgotten = ledger.limits.seconds(MODEL)

    assert forgotten is None
    assert ledger.limits.learn(MODEL, 900.0) == 900.0
