"""`captionfleet quote`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.progress import progress_bar
from captionfleet_producers.cli.quotes import print_quote_as_json, print_quotes, print_total_as_json

if TYPE_CHECKING:
    from captionfleet_producers import CaptionClient, Quoted, Submission


@click.command(
    epilog=options.examples(
        "captionfleet quote interview.flac",
        "captionfleet quote recordings/ --timeline 60",
        "captionfleet quote archive.csv --json > quotes.jsonl && tail -n 1 quotes.jsonl | jq .total",
    )
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--model", help="[default: the captioner, or Qwen-Omni with a prompt]")
@click.option("--prompt", help="A question about the audio, for Qwen-Omni; the captioner takes none.")
@click.option("--timeline", type=click.FloatRange(10, 2400), metavar="SECONDS", help="Describe stretches this long.")
@click.option("--tenant", help="On whose account. [default: CAPTIONFLEET_TENANT]")
@click.option("--lane", type=click.Choice(options.LANES), default="interactive", show_default=True)
@options.no_cache
@options.timeout
@options.as_json
def quote(sources: Sequence[str], *, timeout: float | None, as_json: bool, **said: Any) -> int:
    """Say what captioning would cost, without calling the model: files, addresses, folders and manifests.

    A worker fetches and decodes the audio, checks it, and plans how it is sent. The quote has the length, calls, tokens
    by the documented rule, and two prices: with an answer of typical length, and with the longest that is possible.
    Audio that the fleet has described before costs nothing. One source is explained; several make a table.

    The exit status is 1 if a source cannot be captioned. Quotes are in no list of jobs, and are gone after an hour.
    """
    template = _template(**said)
    with fleet.CaptionClient.from_env() as client:
        quoted = _quote(client, sources, template, timeout, as_json=as_json)
    if as_json:
        print_total_as_json(quoted)
    else:
        print_quotes(quoted)
    return 0 if all(one.quote is not None for one in quoted) else 1


def _template(*, lane: str, no_cache: bool, **said: Any) -> "Submission":
    return fleet.Submission(audio="", lane=fleet.Lane(lane), cache=False if no_cache else None, **said)


def _quote(
    client: "CaptionClient", sources: Sequence[str], template: "Submission", timeout: float | None, *, as_json: bool
) -> list["Quoted"]:
    # All of them are read first: a mistake in a manifest is found before a worker is asked for anything.
    submissions = list(_submissions(sources, template))
    quoted: list[Quoted] = []
    with progress_bar("Quoting", len(submissions)) as done:
        for one in client.quote_each(submissions, timeout=timeout):
            quoted.append(one)
            done(len(quoted))
            if as_json:
                print_quote_as_json(one)
    return sorted(quoted, key=lambda one: one.number)


def _submissions(sources: Sequence[str], template: "Submission") -> Iterator["Submission"]:
    from captionfleet_producers.manifest import submissions_of

    for source in sources:
        yield from submissions_of(source, template)
