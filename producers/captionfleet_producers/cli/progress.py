"""A progress bar on stderr, where a person is looking; nothing anywhere else."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click


@contextmanager
def progress_bar(what: str, total: int) -> Generator[Callable[[int], None]]:
    """Give a function that is told how many of `total` are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    # Lines for stdout are drawn above the bar if that is the same screen; into a file or a pipe they go as they are.
    with Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
        disable=not console.is_terminal or _would_fold_json(),
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def _would_fold_json() -> bool:
    """Lines that are drawn above a bar are folded to the screen, which JSON does not survive."""
    context = click.get_current_context(silent=True)
    return sys.stdout.isatty() and context is not None and bool(context.params.get("as_json"))
