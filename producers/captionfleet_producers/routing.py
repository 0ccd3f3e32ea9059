"""Whether a queue takes what is published. The ledger forgets what was said, so it has to have arrived somewhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any


class UnroutedError(Exception):
    """The broker answers, and no queue takes the message; the ledger keeps it, and a worker's sweep says it."""


@contextmanager
def returned(channel: Any) -> Generator[list[str]]:
    """What RabbitMQ returns of mandatory messages that are published inside: it does so before it confirms them."""
    reasons: list[str] = []

    def note(error: Exception, *_message: object) -> None:
        reasons.append(str(error))

    handlers: set[Callable[..., object]] = channel.events["basic_return"]
    handlers.add(note)
    try:
        yield reasons
    finally:
        handlers.discard(note)


def is_bound(channel: Any, exchange: str, routing_key: str) -> bool:
    """Whether Redis has a queue for the message. Kombu drops it without a word where there is none."""
    return bool(channel.typeof(exchange).lookup(channel.get_table(exchange), exchange, routing_key, None))
