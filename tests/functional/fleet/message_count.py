"""Counts messages to the deliveries queue from outside, as the broker sees them."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

import redis

from captionfleet_schemas.wire import DELIVERIES_QUEUE


@contextmanager
def counting_messages(broker_url: str) -> Generator[list[str]]:
    """Whatever is sent to the deliveries queue of a Redis meanwhile."""
    sent = list[str]()
    watching, done = threading.Event(), f"end of {threading.get_ident()}"

    def watch() -> None:
        with redis.Redis.from_url(broker_url, socket_timeout=None) as raw, raw.monitor() as monitor:
            watching.set()
            for command in monitor.listen():
                said = str(command["command"]) if command else ""
                if done in said:
                    return
                if said.startswith(f"LPUSH {DELIVERIES_QUEUE} "):
                    sent.append(said)

    thread = threading.Thread(target=watch)
    thread.start()
    assert watching.wait(30)
    try:
        yield sent
    finally:
        with redis.Redis.from_url(broker_url) as raw:
            raw.echo(done)
        thread.join()
