"""`captionfleet cancel`."""

from collections.abc import Sequence

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.screen import complain, print_json, say


@click.command(
    epilog=options.examples(
        "captionfleet cancel 0b6fba0e-6a3f-4b0e-8f3f-0f2a9ad1e0a7",
    )
)
@options.job_ids
@options.as_json
def cancel(job_ids: Sequence[str], *, as_json: bool) -> int:
    """Cancel jobs that have not ended.

    The exit status is 1 if one of them is unknown or had already ended in another way.
    """
    with fleet.CaptionClient.from_env() as client:
        cancelled = [_cancel(client, job_id, as_json=as_json) for job_id in job_ids]
    return 0 if all(cancelled) else 1


def _cancel(client: "fleet.CaptionClient", job_id: str, *, as_json: bool) -> bool:
    try:
        state = client.cancel(job_id)
    except fleet.UnknownJobError as error:
        complain(error)
        return False
    if as_json:
        print_json({"id": job_id, "state": state})
    else:
        say(f"{job_id}  {state}")
    return state == "cancelled"
