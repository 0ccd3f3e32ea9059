"""Each line of the error catalogue over real HTTP: its verdict, the wait, and the number of calls it costs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from captionfleet_ledger import WaitingReason
from captionfleet_schemas import Route
from captionfleet_workers.model.catalogue import ROWS, Row, Verdict
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from captionfleet_workers.model.port import AudioFile, ModelRequest
from captionfleet_workers.progress import Progress
from captionfleet_workers.retry import DEFAULT_SCHEDULE, Decision, Fail, Pause, Reroute, Retry, Split, decide
from tests import server_examples
from tests.functional.model.conftest import REQUEST
from tests.model_examples import EXAMPLES, Example
from tests.model_server import ModelServer, Scripted, captioned, delta, event, refused, streamed

BY_REASON = {row.reason: row for row in ROWS}
NO_TOKENS = {"prompt_tokens": 0, "completion_tokens": 0}

ELSEWHERE = {"no_connection", "storage_refused", "no_upload", "no_address", "address_not_fetched"}
"""No server could say the first; `test_uploads` plays the next two, and `test_self_hosted` what is about addresses."""
SERVERS = {
    example.reason: Scripted(status=example.status, body=example.body)
    for example in server_examples.EXAMPLES
    if example.reason not in ELSEWHERE
}
FAILURES = (
    SERVERS
    | {example.reason: refused(example.status, example.code, example.message) for example in EXAMPLES}
    | {
        "call_timeout": Scripted(stall=True),
        "connection_lost": streamed(delta("A"), cut=True),
        "cut_stream": streamed(delta("A")),
        "unreadable_answer": Scripted(body=b"<html>Welcome</html>"),
        "empty_caption": captioned(""),
        "nothing_generated": captioned(usage=NO_TOKENS),
        "unlisted": streamed(event({"error": {"message": "never seen"}})),
    }
)
"""What the server says for each row."""

TIMEOUTS = {"call_timeout": 0.3}
"""Seconds, where a call would wait for ever."""


@dataclass
class Life:
    """A job with one kind of bad luck, its waits skipped."""

    dialect: OpenAIDialect
    request: ModelRequest
    inline: Path

    def decisions(self) -> Iterator[Decision]:
        """Call and decide until the job is over, or stands still; nothing more when it has its caption."""
        progress = Progress()
        while True:
            try:
                self.dialect.call(self._routed(progress), cancelled=lambda: False)
            except ModelCallError as error:
                decision = decide(error, progress=progress, now=0, deadline=None, random=Random(1))
            else:
                return
            yield decision
            if isinstance(decision, Fail | Pause):
                return
            progress = decision.progress

    def _routed(self, progress: Progress) -> ModelRequest:
        if Route.URL in progress.avoid_routes:
            return replace(self.request, audio=AudioFile(self.inline, self.inline.stat().st_size))
        return self.request


@pytest.fixture
def life(dialect: OpenAIDialect, tmp_path: Path) -> Life:
    """A job whose audio has an address and a spool file."""
    inline = tmp_path / "a.mp3"
    inline.write_bytes(b"audio")
    return Life(dialect, REQUEST, inline)


def test_every_row_is_played() -> None:
    """No line of the catalogue is left out below."""
    assert set(FAILURES) | ELSEWHERE == set(BY_REASON)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.reason}-{example.status}-{example.code}")
def test_each_example_is_judged_over_http(example: Example, server: ModelServer, dialect: OpenAIDialect) -> None:
    """The row of the catalogue arrives with the error, after exactly one call."""
    server.answer(refused(example.status, example.code, example.message, {"Retry-After": "3"}))

    with pytest.raises(ModelCallError) as caught:
        dialect.call(REQUEST, cancelled=lambda: False)

    assert caught.value.row is BY_REASON[example.reason]
    assert caught.value.retry_after == 3
    assert len(server.recorded) == 1


@pytest.mark.parametrize("reason", FAILURES)
def test_each_row_costs_its_calls(reason: str, server: ModelServer, life: Life) -> None:
    """No row is tried more often than it says, and none waits less."""
    row = BY_REASON[reason]
    life.request = replace(REQUEST, timeout=TIMEOUTS.get(reason, REQUEST.timeout))
    server.answer(*_enough(row, FAILURES[reason]))

    decisions = list(life.decisions())

    assert len(server.recorded) == EXPECTED_CALLS[row.verdict](row)
    assert [type(decision) for decision in decisions] == EXPECTED_DECISIONS[row.verdict](row)
    assert all(_waits_well(row, decision) for decision in decisions)


def _enough(row: Row, failure: Scripted) -> list[Scripted]:
    # Throttling ends by itself, all else lasts.
    return [failure, failure, captioned()] if row.verdict in {Verdict.WAIT, Verdict.SLOW_DOWN} else [failure]


def _tries(row: Row) -> int:
    return row.tries or DEFAULT_SCHEDULE.model.attempts or 0


def _reroute_tries(row: Row) -> int:
    return row.tries or 1


Count = Callable[[Row], int]
Decisions = Callable[[Row], Sequence[type[Decision]]]

EXPECTED_CALLS: dict[Verdict, Count] = {
    Verdict.RETRY: _tries,
    Verdict.WAIT: lambda _row: 3,
    Verdict.SLOW_DOWN: lambda _row: 3,
    Verdict.REROUTE: lambda row: 2 * _reroute_tries(row) + 1,
    Verdict.SPLIT: lambda _row: 1,
    Verdict.FAIL: lambda _row: 1,
    Verdict.SPLIT: lambda _row: 1,
    Verdict.PAUSE: lambda _row: 1,
    Verdict.RETRY_STREAMING: lambda _row: 2,
}
EXPECTED_DECISIONS: dict[Verdict, Decisions] = {
    Verdict.RETRY: lambda row: [Retry] * (_tries(row) - 1) + [Fail],
    Verdict.WAIT: lambda _row: [Retry, Retry],
    Verdict.SLOW_DOWN: lambda _row: [Retry, Retry],
    Verdict.REROUTE: lambda row: [*[Retry] * (_reroute_tries(row) - 1), Reroute] * 2 + [Fail],
    Verdict.FAIL: lambda _row: [Fail],
    # What the call carried is not known here; a split would halve it.
    Verdict.SPLIT: lambda _row: [Fail],
    Verdict.PAUSE: lambda _row: [Pause],
    Verdict.RETRY_STREAMING: lambda _row: [Retry, Fail],
}
SHORTEST_WAIT = {Verdict.WAIT: 60.0, Verdict.SLOW_DOWN: 1.0}
LONGEST_WAIT = {Verdict.WAIT: 80.0, Verdict.SLOW_DOWN: 61.0}
WAITING_REASON = {
    Verdict.WAIT: WaitingReason.RATE_LIMITED,
    Verdict.SLOW_DOWN: WaitingReason.RATE_LIMITED,
}


def _waits_well(row: Row, decision: Decision) -> bool:
    if isinstance(decision, Fail):
        return decision.code is row.code
    if isinstance(decision, Reroute | Split):
        return True
    if isinstance(decision, Pause):
        return row.remedy in decision.reason
    shortest, longest = SHORTEST_WAIT.get(row.verdict, 0.0), LONGEST_WAIT.get(row.verdict, 120.0)
    reason = WAITING_REASON.get(row.verdict, WaitingReason.RETRYING)
    return shortest <= decision.after <= longest and decision.reason is reason
