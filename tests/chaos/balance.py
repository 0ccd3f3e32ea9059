"""The balance sheet of a chaos run: what was promised, what came, and what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from captionfleet_schemas import CaptionEvent, CaptionResult, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAccount:
    """Everything that was seen of one job from outside."""

    result: CaptionResult | None
    events: Sequence[Event] = ()
    webhooks: Sequence[str] = ()
    """Event ids of the verified deliveries that were accepted."""
    answered: int = 0
    """Calls that the model has answered, by its own log."""
    failed: int = 0
    """Calls that the model has failed, by its own log."""
    broken: int = 0
    """Calls whose connection broke, by the workers' log, less those that the model itself dropped."""
    killed: int = 0
    """Workers that were killed with the job in hand."""
    abandoned: int = 0
    """Workers that stopped, and whose grace time ended in a call of this job."""

    @property
    def surplus(self) -> int:
        """Answers that nobody needed."""
        return max(0, self.answered - bool(self.result and self.result.caption))

    @property
    def lost_on_network(self) -> int:
        """Answers that were under way when their connection broke."""
        return min(self.surplus, self.broken)

    @property
    def lost_to_stops(self) -> int:
        """Answers that did not come within the grace time of a stop."""
        return min(self.surplus - self.lost_on_network, self.abandoned)

    @property
    def lost_to_kills(self) -> int:
        """Answers whose worker was killed before it could settle."""
        return min(self.surplus - self.lost_on_network - self.lost_to_stops, self.killed)

    @property
    def unexplained(self) -> int:
        """Answers that were paid for twice with nothing to excuse it."""
        return self.surplus - self.lost_on_network - self.lost_to_stops - self.lost_to_kills

    @property
    def unaccounted(self) -> int:
        """Calls that the result does not count."""
        return max(0, self.answered + self.failed - (self.result.model_calls if self.result else 0))

    @property
    def is_miscounted(self) -> bool:
        """Whether the result counts too few calls, although no worker died with the count in its head."""
        return self.unaccounted > 0 and self.killed + self.abandoned == 0

    @property
    def distinct_results(self) -> int:
        """How many outcomes the job's events tell."""
        return len({event.data.encode() for event in self.events if isinstance(event, CaptionEvent)})

    @property
    def event_ids(self) -> frozenset[str]:
        """Ids under which the job was told of, of all types."""
        return frozenset(event.id for event in self.events)

    @property
    def has_new_ids(self) -> bool:
        """Whether a repeated event or webhook came under another id than the first."""
        return len(self.event_ids) > len({event.type for event in self.events}) or len(set(self.webhooks)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What was done to the fleet, as far as it bounds what may get lost."""

    kills: int
    model_resets: int
    workers: int
    slots: int


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
    repeated_under_a_new_id: int
    calls: int
    """Calls that the model has taken."""
    answers_used: int
    calls_failed_by_the_model: int
    answers_lost_to_kills: int
    answers_lost_to_stops: int
    answers_lost_on_the_network: int
    answers_unexplained: int
    jobs_miscounted: int
    kills: int
    most_answers_lost_to_kills: int
    """What the killed workers can have had in hand."""
    most_answers_lost_on_the_network: int
    """What the workers can have had in hand when their connections were reset."""

    @property
    def faults(self) -> list[str]:
        """What breaks a promise; empty is what a run has to end with."""
        broken = {
            "jobs were lost": self.lost,
            "jobs have no result event": self.without_event,
            "jobs have no webhook": self.without_webhook,
            "jobs have more than one distinct result": self.with_several_results,
            "jobs were told under a new id": self.repeated_under_a_new_id,
            "answers were paid for again for no reason": self.answers_unexplained,
            "jobs count fewer calls than were made": self.jobs_miscounted,
            "more answers were lost to kills than can be": max(
                0, self.answers_lost_to_kills - self.most_answers_lost_to_kills
            ),
            "more answers were lost on the network than can be": max(
                0, self.answers_lost_on_the_network - self.most_answers_lost_on_the_network
            ),
        }
        return [f"{count} {what}" for what, count in broken.items() if count]

    def __str__(self) -> str:
        rows = ((name.replace("_", " "), getattr(self, name)) for name in self.__slots__)
        return "\n".join(f"{name:<36}{value:>8}" for name, value in rows)


def balance(accounts: Mapping[str, JobAccount], calls: int, damage: Damage) -> BalanceSheet:
    """Draw up the sheet.

    Args:
        accounts: by job id.
        calls: all that the model has taken, those among them that it could not read.
        damage: bounds what may be lost.
    """
    jobs = accounts.values()
    return BalanceSheet(
        accepted=len(jobs),
        settled=sum(job.result is not None for job in jobs),
        lost=sum(job.result is None for job in jobs),
        without_event=sum(job.distinct_results == 0 for job in jobs),
        without_webhook=sum(not job.webhooks for job in jobs),
        with_several_results=sum(job.distinct_results > 1 for job in jobs),
        repeated_events=sum(len(job.events) - len(job.event_ids) for job in jobs),
        repeated_webhooks=sum(len(job.webhooks) - len(set(job.webhooks)) for job in jobs),
        repeated_under_a_new_id=sum(job.has_new_ids for job in jobs),
        calls=calls,
        answers_used=sum(job.answered - job.surplus for job in jobs),
        calls_failed_by_the_model=sum(job.failed for job in jobs),
        answers_lost_to_kills=sum(job.lost_to_kills for job in jobs),
        answers_lost_to_stops=sum(job.lost_to_stops for job in jobs),
        answers_lost_on_the_network=sum(job.lost_on_network for job in jobs),
        answers_unexplained=sum(job.unexplained for job in jobs),
        jobs_miscounted=sum(job.is_miscounted for job in jobs),
        kills=damage.kills,
        most_answers_lost_to_kills=damage.kills * damage.slots,
        most_answers_lost_on_the_network=damage.model_resets * damage.workers * damage.slots,
    )
