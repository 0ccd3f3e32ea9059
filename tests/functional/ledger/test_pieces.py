"""What streaming calls say, kept for whoever listens."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from captionfleet_ledger import Lease, Ledger, LedgerFullError, Said, pieces
from captionfleet_ledger.pieces import BEGINNING, KEPT_SECONDS
from captionfleet_schemas.parts import part_id
from tests.functional.ledger.making import make_job, make_result, take
from tests.polling import until

CAPTION = ("A dog ", "barks ", "twice. ", "Été ♫")
LINGERS = 60


def say(lease: Lease, text: str, at: int = 0, call: str = "call-1") -> Said:
    """What a call has said next."""
    return Said(lease=lease, call=call, attempt=1, at=at, text=text)


def say_all(lease: Lease) -> list[Said]:
    """A whole caption, piece by piece."""
    return [say(lease, text, at=len("".join(CAPTION[:number]))) for number, text in enumerate(CAPTION)]


def texts(ledger: Ledger, after: str = BEGINNING) -> list[str]:
    """What a listener hears who comes now."""
    return [piece.text for piece in ledger.pieces.read("job-1", after=after)]


def listening(raw: redis.Redis) -> int:
    """How many clients the server, or all nodes of the cluster, let wait."""
    found: Any = raw.info("clients")
    nodes = [found] if "blocked_clients" in found else found.values()
    return sum(node["blocked_clients"] for node in nodes)


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    """A job in hand."""
    ledger.jobs.accept(make_job())
    return take(ledger).lease


def test_a_late_listener_hears_all_and_goes_on_where_it_was(ledger: Ledger, lease: Lease) -> None:
    """In order, with everything that a listener needs to put them together."""
    kept = ledger.pieces.add(say_all(lease))

    heard = ledger.pieces.read("job-1")

    assert kept == [True] * len(CAPTION)
    assert tuple(piece.text for piece in heard) == CAPTION
    assert [piece.at for piece in heard] == [0, 6, 12, 19]
    assert {(piece.call, piece.attempt, piece.part) for piece in heard} == {("call-1", 1, None)}
    assert texts(ledger, after=heard[1].id) == ["twice. ", "Été ♫"]
    assert texts(ledger, after=heard[-1].id) == []


def test_nobody_says_anything(ledger: Ledger) -> None:
    """A job that is unknown, or does not stream, has no pieces; waiting for one ends."""
    assert ledger.pieces.read("typo") == []
    assert ledger.pieces.read("typo", wait_seconds=0.01) == []


def test_parts_speak_in_the_stream_of_their_job(ledger: Ledger, lease: Lease) -> None:
    """Each under its number, a part of a part too."""
    part, inner = part_id("job-1", 2), part_id(part_id("job-1", 2), 1)
    ledger.jobs.split(lease, {part: "{}"}, progress="")
    outer_lease = take(ledger, part).lease
    ledger.pieces.add([say(outer_lease, "Rain.")])
    ledger.jobs.split(outer_lease, {inner: "{}"}, progress="")
    ledger.pieces.add([say(take(ledger, inner).lease, "Wind.")])

    heard = ledger.pieces.read("job-1")

    assert [(piece.part, piece.text) for piece in heard] == [("2", "Rain."), ("2.1", "Wind.")]


def test_only_the_holder_of_the_lease_is_heard(ledger: Ledger, lease: Lease) -> None:
    """A worker that has lost its job says nothing in the name of its next one."""
    ledger.jobs.release(lease)
    other = take(ledger).lease

    kept = ledger.pieces.add([say(lease, "old"), say(other, "A dog", call="call-2")])

    assert kept == [False, True]
    assert texts(ledger) == ["A dog"]


def test_pieces_vanish_after_the_end(ledger: Ledger, raw: redis.Redis) -> None:
    """Also those of a job whose caption must not be kept; and nothing is added to them then."""
    ledger.jobs.accept(make_job(store_days=0))
    claim = take(ledger)
    ledger.pieces.add(say_all(claim.lease))
    [name] = [str(key) for key in raw.scan_iter("*pieces:*")]
    before = int(str(raw.ttl(name)))

    ledger.jobs.settle(claim.lease, make_result(claim))

    assert LINGERS < before <= KEPT_SECONDS
    assert 0 < int(str(raw.ttl(name))) <= LINGERS
    assert ledger.pieces.add([say(claim.lease, "more")]) == [False]
    assert int(str(raw.ttl(name))) <= LINGERS


def test_a_cancelled_job_and_its_parts_fall_silent(ledger: Ledger, lease: Lease, raw: redis.Redis) -> None:
    """Who still works on it is not heard, and what was said vanishes as after any end."""
    part = part_id("job-1", 1)
    ledger.jobs.split(lease, {part: "{}"}, progress="")
    part_lease = take(ledger, part).lease
    ledger.pieces.add([say(part_lease, "Rain")])

    ledger.jobs.cancel("job-1")

    assert ledger.pieces.add([say(part_lease, " falls.", at=4)]) == [False]
    assert 0 < int(str(raw.ttl(next(raw.scan_iter("*pieces:*"))))) <= LINGERS


def test_a_job_has_so_many_pieces(ledger: Ledger, lease: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest give way, a hundred or so at a time."""
    monkeypatch.setattr(pieces, "MOST", 300)

    ledger.pieces.add([say(lease, str(at), at=at) for at in range(1000)])

    heard = texts(ledger)
    assert 300 <= len(heard) <= 500
    assert heard[-1] == "999"


def test_a_full_ledger_keeps_no_pieces(ledger: Ledger, lease: Lease, raw: redis.Redis) -> None:
    """They make no room for anything; the job itself still comes to its end."""
    raw.config_set("maxmemory", 1)
    try:
        with pytest.raises(LedgerFullError):
            ledger.pieces.add([say(lease, "A dog")])
    finally:
        raw.config_set("maxmemory", 0)

    assert texts(ledger) == []


def test_listeners_take_no_connection_from_the_others(ledger: Ledger, lease: Lease, raw: redis.Redis) -> None:
    """More of them wait than the ledger has connections for short commands, and all are told at once."""
    many = 70

    with ThreadPoolExecutor(many) as pool:
        heard = [pool.submit(ledger.pieces.read, "job-1", wait_seconds=5) for _ in range(many)]
        until(lambda: listening(raw) == many, "all listen")
        ledger.pieces.add([say(lease, "A dog")])

        assert [[piece.text for piece in one.result()] for one in heard] == [["A dog"]] * many
