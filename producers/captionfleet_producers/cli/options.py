"""Options that several commands share."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import click

from captionfleet_producers.cli.screen import show_secrets

LANES: Final = ("interactive", "bulk")


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`, and with it `--show-secrets`: how every command prints."""
    help_text = "One JSON object a line on stdout, for programs."
    return click.option("--json", "as_json", is_flag=True, help=help_text)(show_secrets(command))


timeout = click.option(
    "--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Stop waiting after that long. [default: never]"
)

no_cache = click.option(
    "--no-cache", is_flag=True, help="Call the model even if the fleet has described the same audio before."
)

job_ids = click.argument("job_ids", metavar="ID...", nargs=-1, required=True)

metadata = click.option(
    "--metadata", metavar="NAME=VALUE", multiple=True, callback=lambda _context, _option, pairs: split_pairs(pairs)
)


headers = click.option(
    "--header",
    "headers",
    metavar='"NAME: VALUE"',
    multiple=True,
    callback=lambda _context, _option, lines: split_headers(lines),
    help="Sent to the audio's origin alone, such as an Authorization. Can be given several times.",
)


def examples(*lines: str) -> str:
    """An epilogue that click prints as it stands."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def split_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` words as a mapping.

    Raises:
        click.BadParameter: a word has no equals sign or no name.
    """
    split = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, split, strict=True):
        if not (name and equals):
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE")
    return {name: value for name, _, value in split}


def split_headers(lines: Sequence[str]) -> dict[str, str]:
    """`NAME: VALUE` lines as a mapping.

    Raises:
        click.BadParameter: a line has no colon, no name or no value; the message does not repeat it.
    """
    split = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    for number, (name, value) in enumerate(split, 1):
        if not (name and value):
            raise click.BadParameter(f"number {number} is not NAME: VALUE")
    return dict(split)
