"""`captionfleet retry`."""

from collections.abc import Sequence

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.screen import complain, print_json, say


@click.command(
    epilog=options.examples(
        "captionfleet retry 0b6fba0e-6a3f-4b0e-8f3f-0f2a9ad1e0a7",
        "captionfleet retry --all --tenant radio",
        "captionfleet list --state failed --json | jq -r .id | xargs captionfleet retry",
    )
)
@click.argument("job_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every job of the dead set.")
@click.option("--tenant", help="With --all: only this tenant's jobs.")
@options.as_json
def retry(job_ids: Sequence[str], *, everything: bool, tenant: str | None, as_json: bool) -> int:
    """Return jobs that failed, expired or were cancelled to the queue, with attempts and crashes counted anew.

    The exit status is 1 if one of them is unknown, has its caption, or has not ended.
    """
    if everything is bool(job_ids):
        raise click.UsageError("name jobs, or give --all for the whole dead set")
    if tenant is not None and not everything:
        raise click.UsageError("--tenant goes with --all")
    with fleet.CaptionClient.from_env() as client:
        # Read first: each retry takes its job out of the set that is being read.
        chosen = [record.job.id for record in client.dead(tenant=tenant)] if everything else job_ids
        returned = [_retry(client, job_id, as_json=as_json) for job_id in chosen]
    return 0 if all(returned) else 1


def _retry(client: "fleet.CaptionClient", job_id: str, *, as_json: bool) -> bool:
    try:
        client.retry(job_id)
    except (fleet.UnknownJobError, fleet.JobNotRetryableError) as error:
        complain(error)
        return False
    if as_json:
        print_json({"id": job_id, "state": "queued"})
    else:
        say(f"{job_id}  queued")
    return True
