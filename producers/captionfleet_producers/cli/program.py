"""The program: its commands, and how every end becomes an exit status."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from captionfleet_producers.cli import options
from captionfleet_producers.cli.cancel import cancel
from captionfleet_producers.cli.dead import dead
from captionfleet_producers.cli.events import events
from captionfleet_producers.cli.jobs import list_jobs
from captionfleet_producers.cli.letters import drop
from captionfleet_producers.cli.listen import listen
from captionfleet_producers.cli.pause import pause, resume
from captionfleet_producers.cli.quote import quote
from captionfleet_producers.cli.retry import retry
from captionfleet_producers.cli.screen import complain, complain_about_usage, guard_other_ways
from captionfleet_producers.cli.status import status
from captionfleet_producers.cli.submit import submit
from captionfleet_producers.cli.wait import wait
from captionfleet_producers.errors import ProducerError

FAILED = 1
INTERRUPTED = 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    epilog=options.examples(
        "captionfleet submit https://example.com/a.mp3 --wait",
        "captionfleet submit recordings/ --json > jobs.jsonl",
        "captionfleet quote recordings/",
        "captionfleet list --state failed",
    ),
)
@click.version_option(package_name="captionfleet-producers", prog_name="captionfleet")
def captionfleet() -> None:
    """Turn audio into English descriptions with a fleet of workers.

    The fleet is found by CAPTIONFLEET_BROKER_URL and CAPTIONFLEET_REDIS_URL.
    The exit status is 0 if all went well, 1 if something failed, and 2 for a command that makes no sense.
    """


for command in (submit, quote, status, wait, list_jobs, cancel, dead, retry, drop, pause, resume, events, listen):
    captionfleet.add_command(command)


def main() -> NoReturn:
    """Run the command line and exit."""
    guard_other_ways()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit status of a command. Commands return 0 or 1; every expected error becomes one line on stderr."""
    try:
        return int(captionfleet.main(list(arguments), prog_name="captionfleet", standalone_mode=False) or 0)
    except click.ClickException as error:
        complain_about_usage(error)
        return error.exit_code
    except ProducerError as error:
        complain(error)
        return FAILED
    except click.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough; Python would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
