"""`captionfleet submit`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.progress import progress_bar
from captionfleet_producers.cli.screen import complain, fit_address, print_json, say
from captionfleet_producers.cli.wait import report_results
from captionfleet_producers.cli.watching import report_watched

if TYPE_CHECKING:
    from captionfleet_producers import CaptionClient, Outcome, Submission

_SECONDS = click.FloatRange(min=0, min_open=True)


@click.command(
    epilog=options.examples(
        "captionfleet submit https://example.com/a.mp3 --wait",
        "captionfleet submit interview.wav --webhook https://example.com/hook --metadata show=42",
        'captionfleet submit https://example.com/a.mp3 --header "Authorization: Bearer …"',
        "captionfleet submit recordings/ --lane bulk",
        "captionfleet submit concert.flac --timeline 60 --wait",
        "captionfleet submit a.mp3 --stream --wait",
        "captionfleet submit archive.csv --json > jobs.jsonl",
    )
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--webhook", metavar="URL", help="Deliver each result there, signed.")
@options.headers
@options.metadata
@click.option("--tenant", help="On whose account. [default: CAPTIONFLEET_TENANT]")
@click.option("--lane", type=click.Choice(options.LANES), default="interactive", show_default=True)
@click.option("--prompt", help="A question about the audio, for Qwen-Omni; the captioner takes none.")
@click.option("--model", help="[default: the captioner, or Qwen-Omni with a prompt]")
@click.option("--start-within", type=_SECONDS, metavar="SECONDS", help="Expire unless started by then.")
@click.option("--finish-within", type=_SECONDS, metavar="SECONDS", help="Expire unless finished by then.")
@click.option(
    "--stream",
    is_flag=True,
    help="Ask the model for its answer piece by piece; with --wait, that of one source is shown as it is written.",
)
@click.option(
    "--timeline",
    type=click.FloatRange(10, 2400),
    metavar="SECONDS",
    help="Describe stretches of about so many seconds, each with its time and each a paid call.",
)
@options.no_cache
@click.option("--store-days", type=click.IntRange(0, 365), help="Days to keep the result; 0 keeps no caption.")
@click.option("--idempotency-key", metavar="KEY", help="For one source: the same key is the same job.")
@click.option("--id", "job_id", metavar="ID", help="For one source: the job's id.")
@click.option("--again", is_flag=True, help="Submit anew what was submitted before.")
@click.option("--wait", is_flag=True, help="Wait for the results and print them.")
@options.timeout
@options.as_json
def submit(sources: Sequence[str], *, wait: bool, timeout: float | None, as_json: bool, **said: Any) -> int:
    """Submit audio: files, addresses, folders, or CSV and JSON Lines manifests.

    The same audio with the same options is submitted once: run a command that broke off again, and it goes on where
    it was. `--again` submits anew.

    A manifest has the column `audio`, and may have `webhook`, `tenant`, `lane`, `prompt`, `idempotency_key` and
    `metadata.<name>`. Relative paths in it are relative to the manifest.
    """
    template = _template(sources, **said)
    with fleet.CaptionClient.from_env() as client:
        outcomes = _submit(client, sources, template, quiet=wait, as_json=as_json)
        refused = sum(outcome.error is not None for outcome in outcomes)
        _print_summary(outcomes, refused)
        accepted = [outcome.job.id for outcome in outcomes if outcome.job]
        succeeded = _report(client, accepted, timeout, as_json=as_json, stream=said["stream"]) if wait else True
    return 0 if succeeded and not refused else 1


def _report(
    client: "CaptionClient", accepted: Sequence[str], timeout: float | None, *, as_json: bool, stream: bool
) -> bool:
    if stream and len(accepted) == 1:
        return report_watched(client, accepted[0], timeout, as_json=as_json)
    return not accepted or report_results(client, accepted, timeout, as_json=as_json)


def _template(sources: Sequence[str], *, again: bool, job_id: str | None, no_cache: bool, **said: Any) -> "Submission":
    named = said["idempotency_key"] is not None or job_id is not None
    if named and len(sources) > 1:
        raise click.UsageError("--idempotency-key and --id are for one source; a manifest has a column for keys")
    if named and again:
        raise click.UsageError("--again makes a new id; leave out --idempotency-key and --id")
    said["lane"] = fleet.Lane(said["lane"])
    return fleet.Submission(audio="", id=job_id, resumable=not again, cache=False if no_cache else None, **said)


def _submit(
    client: "CaptionClient", sources: Sequence[str], template: "Submission", *, quiet: bool, as_json: bool
) -> list["Outcome"]:
    # A first reading finds mistakes in manifests before anything is submitted, and tells how much there is to do.
    total = sum(1 for _ in _submissions(sources, template))
    outcomes: list[Outcome] = []
    with progress_bar("Submitting", total) as done:
        for outcome in client.submit_each(_submissions(sources, template)):
            outcomes.append(outcome)
            done(len(outcomes))
            # A program that waits reads results; of the rest it needs to know what will never have one.
            if outcome.error is not None or not (quiet and as_json):
                _print_outcome(outcome, as_json=as_json)
    return outcomes


def _submissions(sources: Sequence[str], template: "Submission") -> Iterator["Submission"]:
    from captionfleet_producers.manifest import submissions_of

    for source in sources:
        yield from submissions_of(source, template)


def _print_outcome(outcome: "Outcome", *, as_json: bool) -> None:
    audio = str(outcome.submission.audio)
    if outcome.error is not None:
        complain(outcome.error)
    if as_json:
        print_json({"audio": audio, **_as_json(outcome)})
    elif outcome.job is not None:
        state = "new" if outcome.job.created else outcome.job.state
        say(f"{outcome.job.id}  {state:<9}  {fit_address(audio, 200)}")


def _as_json(outcome: "Outcome") -> dict[str, Any]:
    if outcome.job is not None:
        return {"id": outcome.job.id, "state": outcome.job.state, "created": outcome.job.created}
    assert outcome.error is not None
    return {"error": {"code": outcome.error.code, "message": str(outcome.error)}}


def _print_summary(outcomes: Sequence["Outcome"], refused: int) -> None:
    new = sum(outcome.job is not None and outcome.job.created for outcome in outcomes)
    before = len(outcomes) - new - refused
    hint = " (--again submits them anew)" if before else ""
    say(f"{len(outcomes)} job(s): {new} new, {before} submitted before{hint}, {refused} refused", to_stderr=True)
