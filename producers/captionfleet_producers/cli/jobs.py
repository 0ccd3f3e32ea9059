"""`captionfleet list`."""

from typing import Any

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.filters import filter_of, which_jobs
from captionfleet_producers.cli.printing import print_row, record_as_json
from captionfleet_producers.cli.screen import print_json


@click.command(
    "list",
    epilog=options.examples(
        "captionfleet list --state failed --failure-code audio_unreachable",
        "captionfleet list --metadata show=42 --after 2026-11-01 --json",
    ),
)
@which_jobs()
@click.option("--failure-code", metavar="CODE", help="Such as audio_unreachable.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--all", "everything", is_flag=True, help="No limit.")
@options.as_json
def list_jobs(*, limit: int, everything: bool, as_json: bool, **said: Any) -> int:
    """List jobs, newest first."""
    chosen = filter_of(**said)
    with fleet.CaptionClient.from_env() as client:
        for record in client.list(chosen, limit=None if everything else limit):
            if as_json:
                print_json(record_as_json(record))
            else:
                print_row(record)
    return 0
