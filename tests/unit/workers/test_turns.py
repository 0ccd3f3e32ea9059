"""Turns of media children, with a clock of the test's own: who is next, and who steps aside."""

import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from captionfleet_ledger import Group
from captionfleet_schemas import Lane
from captionfleet_workers.errors import LeaseLostError
from captionfleet_workers.media.shares import Shares
from captionfleet_workers.media.turns import ASIDE, Asker, Turn, Turns
from tests.polling import until


def group(tenant: str, lane: Lane = Lane.INTERACTIVE) -> Group:
    """A tenant's jobs in a lane."""
    return Group(lane=lane, tenant=tenant)


@dataclass
class Room:
    """Turns that threads wait for, and the order in which they got them."""

    at_once: int = 1
    now: float = 0.0
    begun: list[str] = field(default_factory=list)
    ends: dict[str, threading.Event] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)
    held: dict[str, Turn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turns = Turns(self.at_once, clock=lambda: self.now)

    def enter(self, name: str, *, lane: Lane = Lane.INTERACTIVE, lost: threading.Event | None = None) -> None:
        """Somebody comes; the tenant is the name's first part."""
        self.ends[name] = threading.Event()
        asker = Asker(group=group(name.partition("-")[0], lane), check_waiting=lambda: _leave_if(lost))
        waiting = self.turns.waiting
        thread = threading.Thread(target=self._run, args=(name, asker), daemon=True)
        thread.start()
        self._threads.append(thread)
        until(lambda: name in self.begun or self.turns.waiting > waiting, f"{name} runs or waits")

    def await_begin(self, name: str) -> None:
        """Wait until one that came has its place."""
        until(lambda: name in self.begun, f"{name} runs")

    def end(self, name: str) -> None:
        """One of those that run comes to its end, and the next one begins."""
        running = len(self.begun)
        waited = self.turns.waiting
        self.ends[name].set()
        until(lambda: not waited or len(self.begun) > running, "the next one runs")

    def look(self, name: str) -> bool:
        """Whether a running one is to step aside now."""
        return self.turns.is_wanted(self.held[name])

    def step_aside(self, name: str) -> threading.Thread:
        """One that runs gives its place up; the thread ends when it has a place again, or is lost."""
        stepping = threading.Thread(target=self._step_aside, args=(self.held[name],))
        stepping.start()
        return stepping

    def close(self) -> None:
        """Let all of them end."""
        for end in self.ends.values():
            end.set()
        for thread in self._threads:
            thread.join(10)

    def _step_aside(self, turn: Turn) -> None:
        with suppress(LeaseLostError):
            self.turns.step_aside(turn)

    def _run(self, name: str, asker: Asker) -> None:
        try:
            with self.turns.turn(asker) as turn:
                self.held[name] = turn
                self.begun.append(name)
                self.ends[name].wait(30)
        except LeaseLostError:
            self.begun.append(f"{name} left")


def _leave_if(lost: threading.Event | None) -> None:
    if lost is not None and lost.is_set():
        raise LeaseLostError


@contextmanager
def room(at_once: int = 1) -> Generator[Room]:
    """A room that is empty in the end."""
    opened = Room(at_once)
    try:
        yield opened
    finally:
        opened.close()


def test_the_tenant_that_had_least_is_next() -> None:
    """Behind twelve files of one tenant the one file of another is the next to be looked at."""
    with room() as opened:
        for number in range(12):
            opened.enter(f"many-{number}")
        opened.enter("few-0")
        opened.now = 1.0

        opened.end("many-0")
        opened.end("few-0")

        assert opened.begun == ["many-0", "few-0", "many-1"]


def test_within_a_tenant_whoever_came_first_is_next() -> None:
    """A tenant's own files keep their order."""
    with room() as opened:
        for number in range(4):
            opened.enter(f"acme-{number}")
        for number in range(3):
            opened.now += 1
            opened.end(f"acme-{number}")

        assert opened.begun == ["acme-0", "acme-1", "acme-2", "acme-3"]


def test_the_interactive_lane_has_four_times_as_much() -> None:
    """While both lanes wait, four of five seconds are interactive."""
    with room() as opened:
        for number in range(12):
            opened.enter(f"a-{number}")
            opened.enter(f"b-bulk{number}", lane=Lane.BULK)
        for place in range(10):
            opened.now += 1
            opened.end(opened.begun[place])

        assert sum("bulk" in name for name in opened.begun[:10]) == 2


def test_what_takes_long_steps_aside_for_another_tenant() -> None:
    """After five seconds a child that another tenant waits for is to be stopped, and not for its own."""
    with room() as opened:
        opened.enter("long-0")
        opened.enter("long-1")
        opened.now = 60.0
        for_its_own = opened.look("long-0")
        opened.enter("other-0")
        opened.now = 61.0

        for_another = opened.look("long-0")

        assert (for_its_own, for_another) == (False, True)


def test_nobody_steps_aside_before_he_takes_long() -> None:
    """A quick file is not stopped for another quick file."""
    with room() as opened:
        opened.enter("one-0")
        opened.enter("other-0")
        opened.now = 4.9

        assert not opened.look("one-0")


def test_who_stepped_aside_goes_on_afterwards() -> None:
    """The stopped child has its place again when the other one has ended, before further files of its own tenant."""
    with room() as opened:
        opened.enter("long-0")
        opened.enter("long-1")
        opened.enter("short-0")
        opened.now = 5.0
        assert opened.look("long-0")
        stepped = opened.step_aside("long-0")
        until(lambda: "short-0" in opened.begun, "the short one runs")
        opened.now = 6.0
        opened.ends["short-0"].set()
        stepped.join(10)

        opened.now = 7.0

        assert not stepped.is_alive()
        assert opened.begun == ["long-0", "short-0"]
        assert opened.turns.seconds_of(opened.held["long-0"]) == 6.0, "the time aside is not counted"


def test_few_are_stopped_at_the_same_time() -> None:
    """Stopped children keep their memory: beyond a few, whoever runs is left alone by those that have not begun."""
    over = threading.Event()
    with room() as opened, ExitStack() as stack:
        for number in range(ASIDE + 1):
            opened.enter(f"t{number}-0", lost=over)
        wanted: list[bool] = []
        for number in range(ASIDE):
            opened.now += 5.0
            wanted.append(opened.look(f"t{number}-0"))
            stack.callback(opened.step_aside(f"t{number}-0").join, 10)
            stack.callback(over.set)
            opened.await_begin(f"t{number + 1}-0")
        opened.enter("late-0")
        opened.now += 1.0
        assert not opened.look(f"t{ASIDE}-0")
        opened.now += 3.9

        assert wanted == [True] * ASIDE
        assert "late-0" not in opened.begun


def test_a_lost_job_leaves_the_line() -> None:
    """Who waits for a child notices that the job was cancelled, and takes nobody's place."""
    lost = threading.Event()
    with room() as opened:
        opened.enter("one-0")
        opened.enter("two-0", lost=lost)
        opened.enter("two-1")
        lost.set()
        until(lambda: "two-0 left" in opened.begun, "the lost one has left")
        opened.end("one-0")

        assert opened.begun == ["one-0", "two-0 left", "two-1"]


def test_idleness_is_not_saved_up() -> None:
    """Who comes back after a while starts where the others are, and has no debt of long ago either."""
    shares = Shares()
    shares.enter(group("busy"))
    for _ in range(10):
        shares.serve(group("busy"))
        shares.charge(group("busy"), 10)
    shares.enter(group("idle"))

    before = shares.rank(group("idle")), shares.rank(group("busy"))
    shares.charge(group("idle"), 20)

    assert before[0] < before[1]
    assert shares.rank(group("busy")) < shares.rank(group("idle"))


@pytest.mark.parametrize("lane", list(Lane))
def test_nothing_is_remembered_of_an_idle_room(lane: Lane) -> None:
    """When nobody asks any more, what each has had is forgotten."""
    shares = Shares()
    shares.enter(group("one", lane))
    shares.charge(group("one", lane), 100)
    shares.leave(group("one", lane))
    shares.enter(group("one", lane))
    shares.enter(group("two", lane))

    assert shares.rank(group("one", lane)) == shares.rank(group("two", lane))
