"""What a process without permits knows of the service, and how seldom it asks."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

from captionfleet_ledger import Condition, Ledger
from captionfleet_workers.pacing.conditions import Conditions

WELL = Condition(cooling=None, fault="", doubted=False, lined=False)
DOUBTED = Condition(cooling=None, fault="", doubted=True, lined=False)
AWAY = Condition(cooling=None, fault="The model could not be reached.", doubted=True, lined=True)
LINED = Condition(cooling=None, fault="", doubted=False, lined=True)


@dataclass
class Edge:
    """A ledger that says what it was told to, and counts how often it is asked."""

    says: Condition = WELL
    asked: list[str] = field(default_factory=list[str])

    def condition(self, model: str) -> Condition:
        """The condition of a model."""
        self.asked.append(model)
        return self.says


def make_conditions(edge: Edge) -> Conditions:
    """What a process knows, at this edge."""
    return Conditions(cast("Ledger", SimpleNamespace(breakers=edge)))


def test_the_ledger_is_asked_once_for_many_jobs() -> None:
    """And again when something has changed."""
    edge = Edge()
    conditions = make_conditions(edge)

    seen = [conditions.of("model") for _ in range(100)]
    once = len(edge.asked)
    edge.says = AWAY
    conditions.forget("model")

    assert seen == [WELL] * 100
    assert once == 1
    assert conditions.of("model") is AWAY


def test_nobody_asks_whether_jobs_are_held_up_while_all_is_well() -> None:
    """A job that comes costs no round trip for that."""
    edge = Edge()
    conditions = make_conditions(edge)

    before = conditions.holds_up("model")
    conditions.of("model")
    well = conditions.holds_up("model")

    assert (before, well, len(edge.asked)) == (False, False, 1)


def test_an_outage_holds_jobs_up_until_the_line_is_empty() -> None:
    """Also after the service answers: whoever was sent for has to leave the line."""
    edge = Edge(says=AWAY)
    conditions = make_conditions(edge)
    conditions.of("model")
    away = conditions.holds_up("model")
    conditions.forget("model")
    edge.says = LINED
    conditions.of("model")

    assert (away, conditions.holds_up("model")) == (True, True)


def test_an_answer_is_told_once_after_failures() -> None:
    """And not at all while nothing has failed."""
    edge = Edge()
    conditions = make_conditions(edge)
    conditions.of("model")
    well = conditions.wants_answer("model")
    conditions.forget("model")
    edge.says = DOUBTED
    conditions.of("model")

    assert not well
    assert [conditions.wants_answer("model") for _ in range(3)] == [True, False, False]
