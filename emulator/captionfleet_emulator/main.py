"""The command `captionfleet-emulator`: serve, or steer an emulator that serves."""

import argparse
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from captionfleet_emulator.faults.rule import readable_errors
from captionfleet_emulator.remote import add_remote_commands
from captionfleet_emulator.settings import EmulatorSettings

DESCRIPTION = """\
A local stand-in for the API of Qwen3-Omni-Captioner that really listens: it decodes the audio that it is sent and
describes what it hears, with the documented limits, token counts and errors.

Without a command it serves the OpenAI-compatible and the native API, prints one line with its address when it is ready,
and logs JSON to stderr. Point a client at it:

    captionfleet-emulator --port 8900
    OpenAI(base_url="http://127.0.0.1:8900/compatible-mode/v1", api_key="anything")
    dashscope.base_http_api_url = "http://127.0.0.1:8900/api/v1"
"""
EPILOG = """\
Every option can be set in the environment as CAPTIONFLEET_EMULATOR_NAME, such as CAPTIONFLEET_EMULATOR_LATENCY=2.

examples:
  captionfleet-emulator --port 0 --latency 2          any free port; each answer takes two seconds
  captionfleet-emulator fault --status 429 --times 3  the next three calls are throttled
  captionfleet-emulator fault --drop --probability 0.1
  captionfleet-emulator faults --clear
  captionfleet-emulator --rpm 60 --tpm 100000         the documented limits, by minute and by second
  captionfleet-emulator limits --rpm 30               from now on half of that
  captionfleet-emulator requests                      what was asked, and what came of it
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Exit status 0 is success, 1 a failure, 2 wrong usage."""
    parser = build_parser()
    options = vars(parser.parse_args(arguments))
    run = options.pop("run", serve)
    try:
        raise SystemExit(run(options))
    except ValidationError as error:
        parser.error("; ".join(readable_errors(error)))


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; the options to serve with are the settings themselves."""
    parser = argparse.ArgumentParser(
        prog="captionfleet-emulator",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, field in EmulatorSettings.model_fields.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            default=argparse.SUPPRESS,
            metavar=name.rsplit("_", 1)[-1].upper(),
            help=f"{field.description} (default: {_shown(field.default)})",
        )
    add_remote_commands(parser)
    return parser


def _shown(default: object) -> object:
    return (", ".join(map(str, default)) or "none") if isinstance(default, tuple) else default


def serve(options: dict[str, Any]) -> int:
    """Serve until a signal says to stop."""
    from captionfleet_emulator.logs import configure_logs
    from captionfleet_emulator.server import run_server

    settings = EmulatorSettings.model_validate(options)
    configure_logs(settings.log_level)
    run_server(settings)
    return 0
