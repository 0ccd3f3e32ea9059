"""The balance sheet of a chaos run: what was promised, what came, and what it cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from captionfleet_schemas import CaptionEvent, CaptionResult, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything that was seen from outside, by job id."""

    results: Mapping[str, CaptionResult | None]
    events: Mapping[str, Sequence[Event]]
    webhooks: Mapping[str, Sequence[str]]
    """Event ids of the verified deliveries."""
    calls: int
    """Calls that the model has seen."""
    kills: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSheet:
    """Counts over all jobs."""

    accepted: int
    settled: int
    lost: int
    without_event: int
    without_webhook: int
    with_several_results: int
    repeated_events: int
    repeated_webhooks: int
    calls: int
    calls_by_outcome: int
    """Calls that the settling attempts account for: the answer and the failures that were retried."""
    calls_lost_to_kills: int
    """Calls that nobody accounts for: their worker died before it could settle."""
    kills: int

    @property
    def faults(self) -> list[str]:
        """What breaks a promise; empty is what a run has to end with."""
        broken = {
            "jobs were lost": self.lost,
            "jobs have no result event": self.without_event,
            "jobs have no webhook": self.without_webhook,
            "jobs have more than one distinct result": self.with_several_results,
        }
        return [f"{count} {what}" for what, count in broken.items() if count]

    def __str__(self) -> str:
        rows = ((name.replace("_", " "), getattr(self, name)) for name in self.__slots__)
        return "\n".join(f"{name:<24}{value:>8}" for name, value in rows)


def balance(observed: Observed) -> BalanceSheet:
    """Draw up the sheet."""
    jobs = observed.results
    ended = {job: result for job, result in jobs.items() if result is not None}
    ids = {job: Counter(event.id for event in observed.events.get(job, ())) for job in jobs}
    distinct = {job: _distinct_results(observed.events.get(job, ())) for job in jobs}
    accounted = sum(result.model_calls for result in ended.values())
    return BalanceSheet(
        accepted=len(jobs),
        settled=len(ended),
        lost=len(jobs) - len(ended),
        without_event=sum(count == 0 for count in distinct.values()),
        without_webhook=sum(not observed.webhooks.get(job) for job in jobs),
        with_several_results=sum(count > 1 for count in distinct.values()),
        repeated_events=sum(sum(counted.values()) - len(counted) for counted in ids.values()),
        repeated_webhooks=sum(len(seen) - len(set(seen)) for seen in observed.webhooks.values()),
        calls=observed.calls,
        calls_by_outcome=accounted,
        calls_lost_to_kills=observed.calls - accounted,
        kills=observed.kills,
    )


def _distinct_results(events: Sequence[Event]) -> int:
    return len({event.data.encode() for event in events if isinstance(event, CaptionEvent)})
