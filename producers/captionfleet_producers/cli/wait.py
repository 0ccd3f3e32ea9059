"""`captionfleet wait`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.printing import print_result
from captionfleet_producers.cli.progress import progress_bar
from captionfleet_producers.cli.watching import report_watched

if TYPE_CHECKING:
    from captionfleet_producers import CaptionClient


@click.command(
    epilog=options.examples(
        "captionfleet wait 0b6fba0e-6a3f-4b0e-8f3f-0f2a9ad1e0a7 --timeout 600",
        "captionfleet wait 0b6fba0e-6a3f-4b0e-8f3f-0f2a9ad1e0a7 --stream",
        "captionfleet submit a.mp3 --json | jq -r .id | xargs captionfleet wait --json",
    )
)
@options.job_ids
@click.option("--stream", is_flag=True, help="Show one job while it is worked on, and its caption as it is written.")
@options.timeout
@options.as_json
def wait(job_ids: Sequence[str], *, stream: bool, timeout: float | None, as_json: bool) -> int:
    """Wait for jobs to end, and print each result as it comes.

    A caption is seen as it is written if its job was submitted with `--stream`, also by who comes late.

    The exit status is 1 if one of them did not succeed, or did not end in time.
    """
    if stream and len(job_ids) > 1:
        raise click.UsageError("--stream shows one job: name one id")
    with fleet.CaptionClient.from_env() as client:
        if stream:
            return 0 if report_watched(client, job_ids[0], timeout, as_json=as_json) else 1
        return 0 if report_results(client, job_ids, timeout, as_json=as_json) else 1


def report_results(client: "CaptionClient", job_ids: Sequence[str], timeout: float | None, *, as_json: bool) -> bool:
    """Print results as they come, and tell whether all succeeded.

    Raises:
        JobTimeoutError: some did not end in time.
    """
    succeeded = True
    with progress_bar("Waiting", len(set(job_ids))) as done:
        for count, result in enumerate(client.wait_many(job_ids, timeout), start=1):
            print_result(result, as_json=as_json)
            succeeded = succeeded and result.failure is None
            done(count)
    return succeeded
