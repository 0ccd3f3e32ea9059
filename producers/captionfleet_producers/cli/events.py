"""`captionfleet events`."""

from typing import Any

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.endless import until_stopped
from captionfleet_producers.cli.printing import print_event


@click.command(
    epilog=options.examples(
        "captionfleet events",
        "captionfleet events --json --timeout 5 >> events.jsonl",
    )
)
@click.option("--usage", is_flag=True, help="Read the usage queue too.")
@click.option("--alerts", is_flag=True, help="Read the alerts queue too: pauses that began or ended.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after that many events. [default: never]")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Stop when none came for so long.")
@options.as_json
def events(*, as_json: bool, **chosen: Any) -> int:
    """Take events from the results queue and print them, until Ctrl-C.

    An event is taken off the queue once it is printed: do not run this beside a service that needs the events.
    """
    with fleet.CaptionClient.from_env() as client, until_stopped():
        for event in client.events(**chosen):
            print_event(event, as_json=as_json)
    return 0
