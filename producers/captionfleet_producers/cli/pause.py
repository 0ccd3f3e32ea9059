"""`captionfleet pause` and `captionfleet resume`."""

from collections.abc import Callable
from typing import Any

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.screen import print_json, say


def _scope(command: Callable[..., int]) -> Callable[..., int]:
    """The options that say what is meant; the whole fleet when none is given."""
    command = click.option("--model", metavar="NAME", help="Only jobs for this model.")(command)
    return click.option("--tenant", metavar="NAME", help="Only this tenant's jobs.")(command)


@click.command(
    epilog=options.examples(
        'captionfleet pause --reason "the account is being moved"',
        'captionfleet pause --tenant radio --reason "asked to wait until Monday"',
    )
)
@_scope
@click.option("--reason", required=True, help="One line for whoever wonders; it stands in status and in the event.")
@options.as_json
def pause(*, reason: str, as_json: bool, **scope: str | None) -> int:
    """Stop new calls of the whole fleet, of a tenant or of a model. Jobs wait and use up no attempt.

    Calls under way end as usual. Only `captionfleet resume` ends this pause.
    """
    _refuse_both(scope)
    with fleet.CaptionClient.from_env() as client:
        changed = client.operations.pause(reason=reason, **scope)
    return _say("paused", scope, changed=changed, as_json=as_json)


@click.command(epilog=options.examples("captionfleet resume", "captionfleet resume --tenant radio"))
@_scope
@options.as_json
def resume(*, as_json: bool, **scope: str | None) -> int:
    """End a pause, an automatic one too; its jobs go on at once.

    The exit status is 1 if exactly that was not paused: pauses of the fleet, of tenants and of models end one by one.
    """
    _refuse_both(scope)
    with fleet.CaptionClient.from_env() as client:
        changed = client.operations.resume(**scope)
    _say("resumed", scope, changed=changed, as_json=as_json)
    return 0 if changed else 1


def _refuse_both(scope: dict[str, Any]) -> None:
    if None not in scope.values():
        raise click.UsageError("name a tenant or a model, not both")


def _say(done: str, scope: dict[str, str | None], *, changed: bool, as_json: bool) -> int:
    what = " ".join(f"{kind} {name}" for kind, name in scope.items() if name is not None) or "the fleet"
    if as_json:
        print_json({"scope": what, "state": done, "changed": changed})
    else:
        say(
            f"{what}: {done}"
            if changed
            else f"{what}: {'was paused already' if done == 'paused' else 'was not paused'}"
        )
    return 0
