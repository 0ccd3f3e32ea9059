"""`captionfleet list`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.printing import print_row, record_as_json
from captionfleet_producers.cli.screen import print_json

STATES: Final = ("queued", "running", "waiting", "succeeded", "failed", "cancelled", "expired")


@click.command(
    "list",
    epilog=options.examples(
        "captionfleet list --state failed --failure-code audio_unreachable",
        "captionfleet list --metadata show=42 --after 2026-11-01 --json",
    ),
)
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Can be given several times.")
@click.option("--tenant")
@click.option("--lane", type=click.Choice(options.LANES))
@options.metadata
@click.option("--failure-code", metavar="CODE", help="Such as audio_unreachable.")
@click.option("--after", type=click.DateTime(), help="Accepted then or later, in UTC.")
@click.option("--before", type=click.DateTime(), help="Accepted earlier than that, in UTC.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--all", "everything", is_flag=True, help="No limit.")
@options.as_json
def list_jobs(*, limit: int, everything: bool, as_json: bool, **said: Any) -> int:
    """List jobs, newest first."""
    chosen = _filter(**said)
    with fleet.CaptionClient.from_env() as client:
        for record in client.list(chosen, limit=None if everything else limit):
            if as_json:
                print_json(record_as_json(record))
            else:
                print_row(record)
    return 0


def _filter(
    *,
    states: Sequence[str],
    lane: str | None,
    failure_code: str | None,
    after: datetime | None,
    before: datetime | None,
    **same: Any,
) -> "fleet.JobFilter":
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
