"""`captionfleet retry`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.filters import filter_of, which_jobs
from captionfleet_producers.cli.letters import retry_letters
from captionfleet_producers.cli.progress import progress_bar
from captionfleet_producers.cli.screen import complain, print_json, say

if TYPE_CHECKING:
    from captionfleet_producers import JobFilter, JobRecord

RETURNABLE = ("failed", "expired", "cancelled")


@click.command(
    epilog=options.examples(
        "captionfleet retry 0b6fba0e-6a3f-4b0e-8f3f-0f2a9ad1e0a7",
        "captionfleet retry --failed model_unavailable --since 2026-11-01",
        "captionfleet retry --state expired --tenant radio --dry-run",
        "captionfleet retry --all --tenant radio",
        "captionfleet retry --messages 3f2a9ad1e0a7",
    )
)
@click.argument("job_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "dead", is_flag=True, help="Every job of the dead set.")
@click.option("--failed", "failure_code", metavar="CODE", help="Every job that failed so, such as model_unavailable.")
@which_jobs(RETURNABLE)
@click.option("--dry-run", is_flag=True, help="Only say how many jobs that would be.")
@click.option("--messages", is_flag=True, help="Instead of jobs: dead letters, by the ids of `dead --messages`.")
@options.as_json
def retry(job_ids: Sequence[str], *, dry_run: bool, messages: bool, as_json: bool, **said: Any) -> int:
    """Return jobs that failed, expired or were cancelled to the queue, with attempts and crashes counted anew.

    With `--messages`, send messages that no worker could read to their queue again, as they were.

    Name them, or say which with options: all that fit are returned. To do it again, also after it was broken off, goes
    on with those that are left. The exit status is 1 if one that was named is unknown, has its caption, or has not
    ended.
    """
    _check(job_ids, dry_run=dry_run, messages=messages, said=said)
    if messages:
        return retry_letters(job_ids, as_json=as_json)
    with fleet.CaptionClient.from_env() as client:
        if job_ids:
            returned = [_retry(client, job_id, as_json=as_json) for job_id in job_ids]
            return 0 if all(returned) else 1
        chosen = _chosen(**said)
        if dry_run:
            _say(_count(client.retry_all(chosen, dry_run=True)), "would be returned", as_json=as_json)
        else:
            _retry_all(client, chosen, as_json=as_json)
    return 0


def _check(job_ids: Sequence[str], *, dry_run: bool, messages: bool, said: Mapping[str, Any]) -> None:
    if any(said.values()) is bool(job_ids):
        raise click.UsageError("name jobs, or say which with options: --all is the whole dead set")
    if dry_run and (job_ids or messages):
        raise click.UsageError("--dry-run goes with options that say which jobs")
    if messages and any(value for name, value in said.items() if name != "dead"):
        raise click.UsageError("--messages goes with the ids of dead letters, or with --all")
    if said["failure_code"] and set(said["states"]) - {"failed"}:
        raise click.UsageError("--failed is about jobs in state failed")


def _chosen(*, states: Sequence[str], failure_code: str | None, **others: Any) -> "JobFilter":
    return filter_of(states=["failed"] if failure_code else states, failure_code=failure_code, **others)


def _retry_all(client: "fleet.CaptionClient", chosen: "JobFilter", *, as_json: bool) -> None:
    done = 0
    with progress_bar("Returning", _count(client.retry_all(chosen, dry_run=True))) as tell:
        for record in client.retry_all(chosen):
            done += 1
            tell(done)
            _print(record.job.id, as_json=as_json)
    if not as_json:
        _say(done, "returned", as_json=False)


def _count(records: "Iterator[JobRecord]") -> int:
    return sum(1 for _ in records)


def _say(jobs: int, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"jobs": jobs})
    else:
        say(f"{jobs} job{'' if jobs == 1 else 's'} {what}")


def _retry(client: "fleet.CaptionClient", job_id: str, *, as_json: bool) -> bool:
    try:
        client.retry(job_id)
    except (fleet.UnknownJobError, fleet.JobNotRetryableError) as error:
        complain(error)
        return False
    _print(job_id, as_json=as_json)
    return True


def _print(job_id: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": job_id, "state": "queued"})
    else:
        say(f"{job_id}  queued")
