"""The one place that writes to the terminal: the linter refuses `click.echo` and `print` everywhere else.

What is printed may come from a job, an event, a server or the name of a file. So every line is made visible, and loses
the secrets in it unless `--show-secrets` was given. Text for programs stays valid JSON.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Final

import click

_SHOW_SECRETS: Final = f"{__name__}.show_secrets"


def _remember(context: click.Context, _option: click.Parameter, value: bool) -> None:
    context.meta[_SHOW_SECRETS] = value


show_secrets = click.option(
    "--show-secrets",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="Print addresses and headers whole, with the tokens and passwords in them.",
)


def secrets_are_shown() -> bool:
    """Whether the command at work was given `--show-secrets`."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_SHOW_SECRETS))


def fit_to_see(text: str) -> str:
    """A text as it may stand on a line: before it is cut or folded, which would tear an address apart."""
    from captionfleet_schemas.display import visible, without_secrets

    return visible(text if secrets_are_shown() else without_secrets(text))


def fit_address(url: str, width: int = 60) -> str:
    """An address as it may stand on a line, or its beginning."""
    from captionfleet_schemas.display import shortened, shown, visible

    return shortened(visible(url if secrets_are_shown() else shown(url)), width)


def say(line: str = "", *, to_stderr: bool = False) -> None:
    """Print one line."""
    _write(f"{fit_to_see(line)}\n", to_stderr=to_stderr)


def say_piece(text: str) -> None:
    """Print a piece of a line, of a model's answer above all; a line break in it is printed as a blank."""
    from captionfleet_schemas.display import visible

    _write(visible(text.replace("\r\n", " ").replace("\n", " ")))


def say_own(line: str) -> None:
    """Print one line that holds a secret which the command has just made for its user."""
    from captionfleet_schemas.display import visible

    _write(f"{visible(line)}\n")


def print_json(value: Any) -> None:
    """Print one object on one line, valid JSON whatever is in it; times are ISO 8601."""
    print_own_json(value if secrets_are_shown() else _cut(value))


def print_wire_json(raw: bytes) -> None:
    """Print a message as it is on the wire, to the byte where nothing of it has to be cut or escaped."""
    value = json.loads(raw)
    cut = value if secrets_are_shown() else _cut(value)
    _write_json(raw.decode() if cut == value else _stringify(cut))


def print_own_json(value: Any) -> None:
    """Likewise, with a secret that the command has just made for its user."""
    _write_json(_stringify(json.loads(json.dumps(value, default=_plain)), (", ", ": ")))


def complain(error: object) -> None:
    """Print one line of complaint on stderr."""
    say(f"captionfleet: {error}", to_stderr=True)


def complain_about_usage(error: click.ClickException) -> None:
    """Print what click has to say about a command that makes no sense."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        for line in context.get_usage().splitlines():
            say(line, to_stderr=True)
        say(f"Try '{context.command_path} --help' for help.", to_stderr=True)
    say(f"Error: {error.format_message()}", to_stderr=True)


def guard_other_ways() -> None:
    """Have log lines and the traceback of an unforeseen error printed in the same way."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Visible("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    sys.excepthook = _complain_at_length


class _Visible(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return fit_to_see(super().format(record))


def _complain_at_length(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    for part in traceback.format_exception(kind, error, trace):
        for line in part.splitlines():
            say(line, to_stderr=True)


def _cut(value: Any) -> Any:
    from captionfleet_schemas.display import without_credentials

    return without_credentials(value)


def _stringify(value: Any, separators: tuple[str, str] = (",", ":")) -> str:
    from captionfleet_schemas.stringify import stringify

    return stringify(value, separators)


def _write_json(text: str) -> None:
    from captionfleet_schemas.display import visible_json

    _write(f"{visible_json(text)}\n", escape=json.dumps)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write(text: str, *, to_stderr: bool = False, escape: Callable[[str], str] = ascii) -> None:
    stream = sys.stderr if to_stderr else sys.stdout
    click.echo(_encodable(text, stream.encoding or "utf-8", escape), file=stream, nl=False)


def _encodable(text: str, encoding: str, escape: Callable[[str], str]) -> str:
    """The text, with escapes for what the terminal's encoding has no bytes for."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(one if one.isascii() else escape(one)[1:-1] for one in text)
    return text
