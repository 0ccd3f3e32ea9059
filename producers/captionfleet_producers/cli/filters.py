"""Options that say which jobs are meant, for the commands that take many."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options

STATES: Final = ("queued", "running", "waiting", "succeeded", "failed", "cancelled", "expired")

Command = TypeVar("Command", bound=Callable[..., Any])


def which_jobs(states: Sequence[str] = STATES) -> Callable[[Command], Command]:
    """Add the options; `filter_of` reads what they were given."""
    added = (
        click.option("--state", "states", type=click.Choice(states), multiple=True, help="Can be given several times."),
        click.option("--tenant"),
        click.option("--lane", type=click.Choice(options.LANES)),
        options.metadata,
        click.option("--after", "--since", type=click.DateTime(), help="Accepted then or later, in UTC."),
        click.option("--before", "--until", type=click.DateTime(), help="Accepted earlier than that, in UTC."),
    )

    def add(command: Command) -> Command:
        for option in reversed(added):
            command = option(command)
        return command

    return add


def filter_of(
    *,
    states: Sequence[str],
    lane: str | None,
    failure_code: str | None,
    after: datetime | None,
    before: datetime | None,
    **same: Any,
) -> "fleet.JobFilter":
    """The filter that the options ask for.

    Raises:
        click.BadParameter: there is no such failure code.
    """
    from captionfleet_schemas import FailureCode, JobState

    try:
        code = FailureCode(failure_code) if failure_code else None
    except ValueError:
        raise click.BadParameter(f"{failure_code!r} is none of {', '.join(FailureCode)}") from None
    return fleet.JobFilter(
        states=frozenset(JobState(state) for state in states),
        lane=fleet.Lane(lane) if lane else None,
        failure_code=code,
        accepted_after=after and after.replace(tzinfo=UTC),
        accepted_before=before and before.replace(tzinfo=UTC),
        **same,
    )
