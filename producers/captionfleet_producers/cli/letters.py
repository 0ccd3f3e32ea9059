"""Dead letters on the command line: `dead --messages`, `retry --messages`, and `captionfleet drop`."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.screen import complain, fit_to_see, print_json, say

if TYPE_CHECKING:
    from captionfleet_producers import FoundLetter


def list_letters(*, as_json: bool) -> int:
    """Print the dead letters, the oldest first."""
    for letter in fleet.DeadLetters.from_env().all():
        _print(letter, as_json=as_json)
    return 0


def retry_letters(ids: Sequence[str], *, as_json: bool) -> int:
    """Send letters again, all of them if none is named, and tell whether each could be sent."""
    done: set[str] = set()
    failed = False
    for outcome in fleet.DeadLetters.from_env().send_again(set(ids) or None):
        if isinstance(outcome, fleet.ProducerError):
            complain(outcome)
            failed = True
        else:
            _say(outcome, "sent again", as_json=as_json)
        done.add(outcome.id)
    return 1 if failed or _complain(ids, done) else 0


@click.command(
    epilog=options.examples(
        "captionfleet drop 3f2a9ad1e0a7",
        "captionfleet drop --all",
        "captionfleet dead --messages --json | jq -r 'select(.queue == null).id' | xargs captionfleet drop",
    )
)
@click.argument("letter_ids", metavar="[LETTER]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dead letter.")
@options.as_json
def drop(letter_ids: Sequence[str], *, everything: bool, as_json: bool) -> int:
    """Take dead letters away for good: messages that no worker could read (`captionfleet dead --messages`).

    The exit status is 1 if one of them is not there.
    """
    if everything is bool(letter_ids):
        raise click.UsageError("name letters, or give --all for all of them")
    done: set[str] = set()
    for letter in fleet.DeadLetters.from_env().drop(None if everything else set(letter_ids)):
        _say(letter, "dropped", as_json=as_json)
        done.add(letter.id)
    return 1 if _complain(letter_ids, done) else 0


def _complain(asked: Collection[str], done: Collection[str]) -> bool:
    missing = [one for one in asked if one not in done]
    for one in missing:
        complain(f"no dead letter {one}: `captionfleet dead --messages` lists them")
    return bool(missing)


def _say(letter: "FoundLetter", what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": letter.id, "job_id": letter.job_id, "queue": letter.queue, "state": what})
    else:
        say(f"{letter.id}  {what}")


def _print(letter: "FoundLetter", *, as_json: bool) -> None:
    from captionfleet_schemas.display import shortened

    if as_json:
        print_json(
            {
                "id": letter.id,
                "at": letter.at,
                "queue": letter.queue,
                "job_id": letter.job_id,
                "reason": letter.reason,
                "bytes": letter.size,
                "kept": letter.message is not None,
                "without_credentials": letter.without_credentials,
            }
        )
        return
    at = f"{letter.at:%Y-%m-%d %H:%M:%S}" if letter.at else "-"
    columns = f"{letter.id}  {at:<19}  {letter.queue or '-':<13}  {letter.job_id or '-'}"
    say(f"{columns}  {shortened(fit_to_see(letter.reason), 200)}")
