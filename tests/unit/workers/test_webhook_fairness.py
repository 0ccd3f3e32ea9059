"""Which delivery comes next: endpoints take turns, and those that hang leave threads to those that answer."""

from collections.abc import Iterable

from captionfleet_ledger import DueDelivery
from captionfleet_workers.webhooks.fairness import QUICK_SECONDS, Ending, Turns

QUICK = Ending(seconds=0.1, answered=True)
SLOW = Ending(seconds=10, answered=True)
SILENT = Ending(seconds=15, answered=False)
REFUSED = Ending(seconds=0.1, answered=False)


def of(endpoint: str, count: int, first: int = 0) -> list[DueDelivery]:
    """Deliveries of one endpoint."""
    return [DueDelivery(endpoint, f"{endpoint}-{number}") for number in range(first, first + count)]


def begun(turns: Turns, now: float = 0.0) -> list[DueDelivery]:
    """Everything that may begin now, in order."""
    found = list[DueDelivery]()
    while one := turns.next(now):
        found.append(one)
    return found


def counts(deliveries: Iterable[DueDelivery]) -> dict[str, int]:
    """How many there are of each endpoint."""
    found = dict[str, int]()
    for one in deliveries:
        found[one.endpoint] = found.get(one.endpoint, 0) + 1
    return found


def known(turns: Turns, endpoint: str, ending: Ending) -> None:
    """Let an endpoint's last attempt have gone so."""
    turns.offer(of(endpoint, 1, first=10_000))
    (one,) = begun(turns)
    turns.ended(one, ending)


def test_endpoints_take_turns() -> None:
    """However many deliveries one of them has."""
    turns = Turns(threads=32)
    turns.offer(of("a", 100))
    turns.offer(of("b", 2))
    turns.offer(of("c", 1))

    first = [one.delivery_id for one in begun(turns)[:6]]

    assert first == ["a-0", "b-0", "c-0", "a-1", "b-1", "a-2"]


def test_a_new_endpoint_gets_an_eighth() -> None:
    """Nobody knows yet whether it answers; all new ones have a quarter."""
    turns = Turns(threads=32)
    for endpoint in "abc":
        turns.offer(of(endpoint, 100))

    assert counts(begun(turns)) == {"a": 3, "b": 3, "c": 2}


def test_a_new_endpoint_that_hangs_leaves_the_others_their_share() -> None:
    """It is known by what it has not answered, long before an attempt runs out."""
    turns = Turns(threads=32)
    for endpoint in "ab":
        turns.offer(of(endpoint, 100))
    begun(turns, now=0.0)
    turns.offer(of("c", 100))

    soon, later = counts(begun(turns, now=1.0)), counts(begun(turns, now=QUICK_SECONDS + 0.5))

    assert soon == {}
    assert later == {"c": 4}


def test_however_many_hang_a_quarter_is_left() -> None:
    """New ones that come and hang, again and again."""
    turns = Turns(threads=32)
    known(turns, "healthy", QUICK)
    for number in range(100):
        turns.offer(of(f"hanging-{number}", 4))
        begun(turns, now=3.0 * number)
    turns.offer(of("healthy", 20))

    assert turns.under_way == 24
    assert counts(begun(turns, now=1000.0)) == {"healthy": 8}


def test_a_quick_endpoint_gets_half() -> None:
    """As long as it answers."""
    turns = Turns(threads=32)
    known(turns, "a", QUICK)
    turns.offer(of("a", 100))

    assert counts(begun(turns)) == {"a": 16}


def test_an_endpoint_that_hangs_gets_one() -> None:
    """One attempt is enough to see that it answers again."""
    turns = Turns(threads=32)
    known(turns, "a", SILENT)
    turns.offer(of("a", 100))

    hanging = begun(turns)
    turns.ended(hanging[0], QUICK)

    assert counts(hanging) == {"a": 1}
    assert counts(begun(turns)) == {"a": 16}


def test_many_that_hang_leave_room() -> None:
    """A hundred endpoints that hang, a hundred that are slow and a hundred that are new have a quarter each at most."""
    turns = Turns(threads=32)
    names = {kind: [f"{kind}-{number}" for number in range(100)] for kind in ("silent", "slow", "new")}
    for name in names["silent"]:
        known(turns, name, SILENT)
    for name in names["slow"]:
        known(turns, name, SLOW)
    known(turns, "healthy", QUICK)
    for name in (*names["silent"], *names["slow"], *names["new"]):
        turns.offer(of(name, 1))
    others = begun(turns)
    turns.offer(of("healthy", 20))

    assert counts(DueDelivery(one.endpoint.partition("-")[0], one.delivery_id) for one in others) == {
        "silent": 8,
        "slow": 8,
        "new": 8,
    }
    assert counts(begun(turns)) == {"healthy": 8}


def test_one_that_was_quick_and_hangs_now_gets_no_more() -> None:
    """What it has not answered for long says so before it runs out."""
    turns = Turns(threads=32)
    known(turns, "a", QUICK)
    turns.offer(of("a", 10))
    begun(turns, now=0.0)
    turns.offer(of("a", 10, first=10))

    soon, later = counts(begun(turns, now=1.0)), counts(begun(turns, now=QUICK_SECONDS + 1))

    assert soon == {"a": 6}
    assert later == {}


def test_a_refusal_costs_no_thread() -> None:
    """An endpoint that refuses at once is quick: it keeps nobody waiting. The breaker sees to it."""
    turns = Turns(threads=8)
    known(turns, "a", REFUSED)
    turns.offer(of("a", 10))

    assert counts(begun(turns)) == {"a": 4}


def test_an_attempt_that_was_not_made_says_nothing() -> None:
    """Somebody else has made it, or the ledger was away."""
    turns = Turns(threads=32)
    known(turns, "a", SILENT)
    turns.offer(of("a", 10))
    (one,) = begun(turns)

    turns.ended(one, Ending())

    assert counts(begun(turns)) == {"a": 1}


def test_one_thread_serves_all() -> None:
    """A pool as small as can be starves nobody."""
    turns = Turns(threads=1)
    for endpoint, ending in {"a": SILENT, "b": SLOW, "c": QUICK}.items():
        known(turns, endpoint, ending)
    turns.offer([*of("a", 2), *of("b", 2), *of("c", 2), *of("d", 2)])
    order = list[str]()

    while one := turns.next(0.0):
        order.append(one.endpoint)
        turns.ended(one, Ending())

    assert order == ["a", "b", "c", "d"] * 2


def test_a_delivery_is_taken_in_once() -> None:
    """From when it waits until its attempt has ended: messages and sweeps name it again and again."""
    turns = Turns(threads=1)
    turns.offer(of("a", 1) * 3)
    (one,) = begun(turns)
    turns.offer(of("a", 1))
    during = turns.waiting
    turns.ended(one, QUICK)
    turns.offer(of("a", 1))

    assert (during, turns.waiting) == (0, 1)


def test_the_longest_queue_makes_room() -> None:
    """Its last delivery stays in the ledger; whoever comes with few always finds room."""
    turns = Turns(threads=1, room=10)
    turns.offer(of("a", 20))
    turns.offer(of("b", 3))
    left = turns.drop("b")

    assert left == ("b-0", "b-1", "b-2")
    assert turns.drop("a") == tuple(f"a-{number}" for number in range(7))
    turns.offer(of("a", 20))
    assert turns.waiting == 10


def test_an_endpoint_is_given_up() -> None:
    """What waits for it is returned, and may come again."""
    turns = Turns(threads=4)
    turns.offer(of("a", 3))
    turns.offer(of("b", 1))
    crowded = turns.crowded(2)

    dropped = turns.drop("a")
    turns.offer(of("a", 3))

    assert crowded == ("a",)
    assert dropped == ("a-0", "a-1", "a-2")
    assert turns.drop("nobody") == ()
    assert turns.waiting == 4
