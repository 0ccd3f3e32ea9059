"""`captionfleet dead`."""

from typing import TYPE_CHECKING, Any

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.letters import list_letters
from captionfleet_producers.cli.screen import fit_address, print_json, say

if TYPE_CHECKING:
    from captionfleet_producers import JobRecord


@click.command(
    epilog=options.examples(
        "captionfleet dead",
        "captionfleet dead --tenant radio --json | jq -r .id | xargs captionfleet retry",
        "captionfleet dead --messages",
    )
)
@click.option("--tenant", help="Only this tenant's jobs.")
@click.option("--messages", is_flag=True, help="Instead of jobs: messages that no worker could read, oldest first.")
@options.as_json
def dead(*, tenant: str | None, messages: bool, as_json: bool) -> int:
    """List the jobs that were given up as poisoned, newest first: when, why, and after how many crashes.

    They are kept until their retention ends. `captionfleet retry` returns them to the queue.

    With `--messages`: when, from which queue, about which job, and why. They stay until `captionfleet retry --messages`
    sends them again or `captionfleet drop` takes them away.
    """
    if messages:
        if tenant is not None:
            raise click.UsageError("a message that could not be read is no tenant's: leave --tenant out")
        return list_letters(as_json=as_json)
    with fleet.CaptionClient.from_env() as client:
        for record in client.dead(tenant=tenant):
            if as_json:
                print_json(_as_json(record))
            else:
                _print(record)
    return 0


def _as_json(record: "JobRecord") -> dict[str, Any]:
    result = record.result
    return {
        "id": record.job.id,
        "tenant": record.job.tenant,
        "failed_at": result and result.timings.finished_at,
        "reason": result and result.failure and result.failure.message,
        "attempts": record.attempts,
        "crashes": record.crashes,
        "audio": record.job.audio.url,
    }


def _print(record: "JobRecord") -> None:
    facts = _as_json(record)
    say(
        f"{facts['id']}  {facts['failed_at']:%Y-%m-%d %H:%M:%S}  {facts['tenant']}  "
        f"attempts {facts['attempts']}, crashes {facts['crashes']}  {facts['reason']}  {fit_address(facts['audio'])}"
    )
