"""`captionfleet listen`."""

from collections.abc import Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

import captionfleet_producers as fleet
from captionfleet_producers.cli import options
from captionfleet_producers.cli.endless import until_stopped
from captionfleet_producers.cli.printing import print_result
from captionfleet_producers.cli.screen import print_json, print_own_json, say, say_own

if TYPE_CHECKING:
    from captionfleet_producers import Received, WebhookListener


@click.command(
    epilog=options.examples(
        "captionfleet listen --port 8787 &",
        "captionfleet submit a.mp3 --webhook http://127.0.0.1:8787/",
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 is reached from other machines.")
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 picks a free one.")
@click.option("--secret", "secrets", multiple=True, metavar="whsec_…", help="[default: CAPTIONFLEET_WEBHOOK_SECRETS]")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after that many deliveries. [default: never]")
@options.as_json
def listen(*, host: str, port: int, secrets: Sequence[str], limit: int | None, as_json: bool) -> int:
    """Receive webhooks on this machine, verify their signatures, and print them, until Ctrl-C.

    Without a secret a fresh one is made and shown; give it to the workers. For an address on this machine they also
    need CAPTIONFLEET_WEBHOOK_ALLOW_HTTP=true and CAPTIONFLEET_ALLOWED_NETWORKS=127.0.0.0/8.
    """
    known = [*secrets] or [secret.get_secret_value() for secret in fleet.ProducerSettings.from_env().webhook_secrets]
    deliveries: SimpleQueue[Received] = SimpleQueue()
    with until_stopped(), _listener(deliveries, known or [_fresh()], host, port) as listener:
        _print_start(listener, fresh=None if known else listener.secrets[0], as_json=as_json)
        for _ in iter(int, 1) if limit is None else range(limit):
            _print_delivery(deliveries.get(), as_json=as_json)
    return 0


def _fresh() -> str:
    from captionfleet_producers.listener import fresh_secret

    return fresh_secret()


def _listener(deliveries: "SimpleQueue[Received]", secrets: Sequence[str], host: str, port: int) -> "WebhookListener":
    from captionfleet_schemas.signature import SignatureError

    try:
        return fleet.WebhookListener(deliveries.put, secrets=secrets, host=host, port=port)
    except SignatureError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"cannot listen on {host}:{port}: {error.strerror}; try --port 0") from None


def _print_start(listener: "WebhookListener", *, fresh: str | None, as_json: bool) -> None:
    if as_json:
        print_own_json({"listening": listener.url, "secret": fresh} if fresh else {"listening": listener.url})
        return
    say(f"listening on {listener.url}")
    if fresh:
        say_own(f"give the workers this secret: CAPTIONFLEET_WEBHOOK_SECRETS={fresh}")


def _print_delivery(delivery: "Received", *, as_json: bool) -> None:
    if as_json:
        event = delivery.event.model_dump(mode="json", exclude_none=True)
        print_json({"webhook_id": delivery.webhook_id, "repeated": delivery.repeated, "event": event})
    else:
        say(f"verified {delivery.webhook_id}" + ("  (a repeat)" if delivery.repeated else ""))
        print_result(delivery.event.data, as_json=False)
