"""`captionfleet status`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.printing import print_record, print_rejection, print_standing
from captionfleet_producers.cli.screen import complain

if TYPE_CHECKING:
    from captionfleet_producers import CaptionClient, JobRecord


@click.command(
    epilog=options.examples(
        "captionfleet status",
        "captionfleet status 0b6fba0e-6a3f-4b0e-8f3f-0f2a9ad1e0a7",
        "captionfleet status $(captionfleet list --state failed --json | jq -r .id)",
    )
)
@click.argument("job_ids", metavar="[ID]...", nargs=-1)
@options.as_json
def status(job_ids: Sequence[str], *, as_json: bool) -> int:
    """Show everything that is known of jobs: state, attempts, result, and webhook deliveries.

    A job whose message no worker could read is `rejected`, with the reason.

    Without an id: what is paused, and how many jobs there are in each state.
    """
    with fleet.CaptionClient.from_env() as client:
        if not job_ids:
            print_standing(client.operations.standing(), as_json=as_json)
            return 0
        records = client.get_many(job_ids)
        known = [_print(client, *one, as_json=as_json) for one in zip(job_ids, records, strict=True)]
    return 0 if all(known) else 1


def _print(client: "CaptionClient", job_id: str, record: "JobRecord | None", *, as_json: bool) -> bool:
    if record is not None:
        print_record(record, client.deliveries(job_id), as_json=as_json)
        return True
    rejection = client.operations.rejection(job_id)
    if rejection is None:
        complain(fleet.UnknownJobError(job_id))
        return False
    print_rejection(rejection, client.deliveries(job_id), as_json=as_json)
    return True
