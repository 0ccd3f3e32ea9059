"""Handing on what streaming calls say: what goes together, and what happens when it does not arrive."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from structlog.testing import capture_logs

from captionfleet_ledger import LedgerUnavailableError, Said
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.pieces import PiecePublisher
from tests.polling import until
from tests.unit.workers.making import make_attempt, make_claim

HOUR = 3600.0


class BrokenOffError(Exception):
    """An answer that has no end."""


class Ledger:
    """Keeps pieces, unless it is told not to."""

    def __init__(self) -> None:
        self.said: list[Sequence[Said]] = []
        self.is_away = False
        self.keeps = True

    def add(self, said: Sequence[Said]) -> list[bool]:
        """What the ledger does with pieces."""
        if self.is_away:
            raise LedgerUnavailableError("the ledger does not answer")
        self.said.append(said)
        return [self.keeps] * len(said)

    @property
    def texts(self) -> list[list[tuple[int, str]]]:
        """Place and text of what came in each round trip."""
        return [[(one.at, one.text) for one in said] for said in self.said]


@pytest.fixture
def ledger() -> Ledger:
    """The ledger's side."""
    return Ledger()


@pytest.fixture
def publisher(ledger: Ledger) -> PiecePublisher:
    """Without its thread: the test takes its turns, and no call waits for the last one."""
    return PiecePublisher(ledger.add, last_words=0)


@pytest.fixture
def running(ledger: Ledger) -> Iterator[PiecePublisher]:
    """With its thread, which pauses for so long that only the end of a call wakes it."""
    publisher = PiecePublisher(ledger.add, pause=HOUR)
    publisher.start()
    yield publisher
    publisher.stop()


def streaming() -> Attempt:
    """An attempt at a job that asked for pieces."""
    return make_attempt(make_claim(stream=True))


def asked(on_piece: Callable[[str], None] | None) -> Callable[[str], None]:
    """What takes the pieces, as there is something."""
    assert on_piece is not None
    return on_piece


def test_a_job_that_did_not_ask_says_nothing(publisher: PiecePublisher) -> None:
    """Its call is given nothing to hand pieces to, also where it streams."""
    with publisher.pieces_of(make_attempt()) as on_piece:
        assert on_piece is None


def test_the_first_piece_goes_at_once_and_the_others_together(running: PiecePublisher, ledger: Ledger) -> None:
    """What is said during the pause goes in one round trip; the end of the call ends the pause."""
    with running.pieces_of(streaming()) as on_piece:
        say = asked(on_piece)
        say("A dog ")
        until(lambda: ledger.texts, "the first piece arrives")
        say("barks ")
        say("twice.")

    assert ledger.texts == [[(0, "A dog ")], [(6, "barks twice.")]]
    assert len({(one.call, one.lease, one.attempt) for [one] in ledger.said}) == 1


def fail_after(text: str, publisher: PiecePublisher) -> None:
    """A call whose answer breaks off."""
    with publisher.pieces_of(streaming()) as on_piece:
        asked(on_piece)(text)
        raise BrokenOffError


def test_a_call_that_fails_has_said_what_it_said(running: PiecePublisher, ledger: Ledger) -> None:
    """So that a listener is told of the next one that it begins anew; each call has a name of its own."""
    for text in ("A d", "A dog."):
        with pytest.raises(BrokenOffError):
            fail_after(text, running)

    assert ledger.texts == [[(0, "A d")], [(0, "A dog.")]]
    assert len({one.call for [one] in ledger.said}) == 2


def test_calls_of_a_process_share_a_round_trip(publisher: PiecePublisher, ledger: Ledger) -> None:
    """However many they are; a turn in which nobody has said anything costs none."""
    with publisher.pieces_of(streaming()) as one, publisher.pieces_of(streaming()) as other:
        asked(one)("Rain.")
        asked(other)("Wind.")
        publisher.turn()
        publisher.turn()

    assert ledger.texts == [[(0, "Rain."), (0, "Wind.")]]


def test_a_slow_ledger_does_not_hold_a_call_up() -> None:
    """The call ends before its pieces have arrived."""
    arrived = threading.Event()

    def add(said: Sequence[Said]) -> list[bool]:
        arrived.wait()
        return [True] * len(said)

    publisher = PiecePublisher(add, last_words=0.01)
    publisher.start()
    with publisher.pieces_of(streaming()) as on_piece:
        asked(on_piece)("A dog barks.")
    is_there = arrived.is_set()
    arrived.set()
    publisher.stop()

    assert not is_there


def test_what_did_not_arrive_is_said_again(publisher: PiecePublisher, ledger: Ledger) -> None:
    """A ledger that is away costs the call nothing and the log one line; a lost lease not even that."""
    with publisher.pieces_of(streaming()) as on_piece, capture_logs() as logs:
        say = asked(on_piece)
        ledger.is_away = True
        for text in ("A ", "dog "):
            say(text)
            publisher.turn()
        ledger.is_away, ledger.keeps = False, False
        publisher.turn()
        ledger.keeps = True
        say("barks.")
        publisher.turn()

    assert ledger.texts == [[(0, "A dog ")], [(0, "A dog barks.")]]
    assert [line["event"] for line in logs] == ["pieces.not_published"]
