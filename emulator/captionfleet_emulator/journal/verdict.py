"""How the client behaves, as the request log shows it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise
from statistics import median

from captionfleet_emulator.journal.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """Seconds between one call and the next of the same account and model."""

    least: float
    median: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said of the calls that the log has kept."""

    calls: int
    """That named an audio."""
    audios: int
    """Different ones; the same audio with another prompt or for another model counts as another."""
    most_calls_per_audio: int
    paid_twice: int
    """Audios that were answered in full more than once."""
    refused_twice: int
    """Calls that met a limit (429) straight after another call for the same audio had: they came too soon."""
    retried_before_time: int
    """Calls that came before the Retry-After of an earlier answer for the same audio was over."""
    asked_before_time: int
    """Calls for other audio of the same account and model that came before the Retry-After of a 429 was over."""
    spacing: Spacing | None
    complaints: list[str] = field(default_factory=list)
    """What a client should not do and this one did, in words; a good one leaves none."""


def judge(entries: Iterable[Entry]) -> Verdict:
    """Judge a client by its calls, which are in the order in which they came."""
    calls = [entry for entry in entries if entry.question]
    by_question: dict[str, list[Entry]] = defaultdict(list)
    for call in calls:
        by_question[call.question].append(call)
    counts = {
        "paid_twice": sum(sum(map(_paid, own)) > 1 for own in by_question.values()),
        "refused_twice": sum(_limited(a) and _limited(b) for own in by_question.values() for a, b in pairwise(own)),
        **_before_time(calls),
    }
    return Verdict(
        calls=len(calls),
        audios=len(by_question),
        most_calls_per_audio=max(map(len, by_question.values()), default=0),
        spacing=_spacing(calls),
        complaints=[_COMPLAINTS[name].format(number) for name, number in counts.items() if number],
        **counts,
    )


_COMPLAINTS = {
    "paid_twice": "{} audios were paid for more than once",
    "refused_twice": "{} calls came again too soon after a limit was met",
    "retried_before_time": "{} calls were repeated before the Retry-After was over",
    "asked_before_time": "{} calls came while the Retry-After of a 429 held for their account",
}


def _paid(call: Entry) -> bool:
    return call.status == HTTPStatus.OK and not call.code


def _limited(call: Entry) -> bool:
    return call.status == HTTPStatus.TOO_MANY_REQUESTS


def _before_time(calls: Iterable[Entry]) -> Counter[str]:
    """Each call counts once, as a repetition if it is one."""
    counts = Counter({"retried_before_time": 0, "asked_before_time": 0})
    waits: list[Entry] = []
    for call in calls:
        waits = [told for told in waits if _until(told) > call.arrived]
        holding = [told for told in waits if _ended(told) <= call.arrived]
        if any(told.question == call.question for told in holding):
            counts["retried_before_time"] += 1
        elif any(_limited(told) and _whose(told) == _whose(call) for told in holding):
            counts["asked_before_time"] += 1
        if call.retry_after:
            waits.append(call)
    return counts


def _whose(call: Entry) -> tuple[str, str]:
    return call.account, call.model


def _ended(call: Entry) -> float:
    return call.arrived + (call.latency or 0.0)


def _until(call: Entry) -> float:
    return _ended(call) + (call.retry_after or 0.0)


def _spacing(calls: Iterable[Entry]) -> Spacing | None:
    last: dict[tuple[str, str], float] = {}
    gaps = []
    for call in calls:
        if _whose(call) in last:
            gaps.append(call.arrived - last[_whose(call)])
        last[_whose(call)] = call.arrived
    return Spacing(least=round(min(gaps), 4), median=round(median(gaps), 4)) if gaps else None
