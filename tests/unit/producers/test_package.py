"""The package's public names, and what it costs to ask for help."""

import inspect
import subprocess
import sys

import captionfleet_producers
from captionfleet_producers import ProducerError, errors
from captionfleet_producers.cli import filters, options
from captionfleet_schemas import JobState, Lane


def test_every_public_name_can_be_imported() -> None:
    """`__all__` and the lazy loader agree."""
    loaded = {name: getattr(captionfleet_producers, name) for name in captionfleet_producers.__all__}

    assert None not in loaded.values()
    assert captionfleet_producers.__all__ == sorted(loaded)


def test_every_error_is_public_and_in_the_tree() -> None:
    """A new error has a code of its own, stands in the drawing on top, and is exported."""
    found = [error for error in vars(errors).values() if inspect.isclass(error) and issubclass(error, ProducerError)]

    assert len({error.code for error in found}) == len(found)
    assert {error.__name__ for error in found} <= set(captionfleet_producers.__all__)
    assert all(error.__name__ in str(errors.__doc__) for error in found)


def test_help_loads_nothing_heavy() -> None:
    """`captionfleet --help` imports neither Celery nor Redis nor pydantic."""
    program = (
        "import sys; from captionfleet_producers.cli.program import run; run(['submit', '--help']);"
        "print(sorted({'celery', 'kombu', 'pydantic', 'redis', 'rich'} & set(sys.modules)))"
    )

    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert finished.stdout.splitlines()[-1] == "[]"
    assert "Examples:" in finished.stdout


def test_choices_of_the_command_line_are_those_of_the_schemas() -> None:
    """The choices are written down again so that `--help` is quick; here they are held together."""
    assert tuple(Lane) == options.LANES
    assert tuple(JobState) == filters.STATES
