from random import Random

import pytest

from captionfleet_emulator.faults.book import Facts, FaultBook
from captionfleet_emulator.faults.documented import DOCUMENTED, DocumentedError, error_of
from captionfleet_emulator.faults.rule import FaultRule

CALL = Facts(model="captioner", url="http://audio/a.mp3", stream=False)
FETCHED = Facts(model="captioner", url="", sha256="abcdef", stream=True)
HEARD = Facts(model="captioner", url="", sha256="abcdef", seconds=90.0, stream=True)


def book(*rules: FaultRule, seed: int = 0) -> FaultBook:
    """A book with some rules."""
    made = FaultBook(Random(seed))
    for rule in rules:
        made.add(rule)
    return made


@pytest.mark.parametrize(
    ("rule", "facts", "struck"),
    [
        (FaultRule(status=500), CALL, True),
        (FaultRule(status=500, model="captioner"), CALL, True),
        (FaultRule(status=500, model="omni"), CALL, False),
        (FaultRule(status=500, url_contains="a.mp3"), CALL, True),
        (FaultRule(status=500, url_contains="b.mp3"), CALL, False),
        (FaultRule(status=500, sha256_prefix="ABC"), FETCHED, True),
        (FaultRule(status=500, sha256_prefix="abd"), FETCHED, False),
        (FaultRule(status=500, sha256_prefix="abc"), CALL, False),
        (FaultRule(status=500), FETCHED, False),
        (FaultRule(cut_stream_after=0), CALL, False),
        (FaultRule(cut_stream_after=0, sha256_prefix="a"), FETCHED, True),
        (FaultRule(status=500, longer_than=60), HEARD, True),
        (FaultRule(status=500, longer_than=90), HEARD, False),
        (FaultRule(status=500, longer_than=60), FETCHED, False),
        (FaultRule(status=500, longer_than=60, sha256_prefix="abd"), HEARD, False),
        (FaultRule(status=500, sha256_prefix="abc"), HEARD, False),
    ],
)
def test_matching(rule: FaultRule, facts: Facts, struck: bool) -> None:
    """A rule strikes what it names; rules about the audio wait for its hash or its length, all others do not."""
    assert (book(rule).draw(facts) is not None) is struck


def test_first_rule_that_strikes_wins() -> None:
    """Rules are tried in the order in which they came, and a spent one is passed over."""
    rules = book(FaultRule(id="once", drop=True, times=1), FaultRule(id="always", status=500))

    drawn = [rules.draw(CALL) for _ in range(3)]

    assert [rule.id for rule in drawn if rule] == ["once", "always", "always"]


def test_chance_is_seeded() -> None:
    """The same seed strikes the same calls, about as many as the probability says."""
    fates = [
        [rules.draw(CALL) is not None for _ in range(1000)]
        for rules in (book(FaultRule(status=500, probability=0.3), seed=seed) for seed in (5, 5, 6))
    ]

    assert fates[0] == fates[1]
    assert fates[0] != fates[2]
    assert 250 < sum(fates[0]) < 350


@pytest.mark.parametrize("documented", DOCUMENTED, ids=lambda error: f"{error.status}-{error.code}")
def test_documented_errors_are_found_by_code(documented: DocumentedError) -> None:
    """Status and code bring the documented sentence."""
    assert error_of(FaultRule(status=documented.status, code=documented.code)) == documented


def test_unknown_errors_have_a_sentence() -> None:
    """An undocumented pair of status and code is answered all the same."""
    error = error_of(FaultRule(status=520, code="strange"))

    assert (error.status, error.code, error.message) == (520, "strange", "Internal server error!")
