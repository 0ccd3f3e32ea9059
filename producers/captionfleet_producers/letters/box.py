"""The dead letters of one fleet."""

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from typing import Self

from captionfleet_producers.broker import broker_failures, connection_to
from captionfleet_producers.errors import BrokerUnavailableError, LetterNotSendableError
from captionfleet_producers.letters.boxes import Box, ListBox, Lying, QueueBox
from captionfleet_producers.letters.found import FoundLetter, letter_in
from captionfleet_producers.settings import ProducerSettings
from captionfleet_schemas.broker import is_rabbitmq

Outcome = FoundLetter | LetterNotSendableError


class DeadLetters:
    """Messages that no worker could read. Every method raises BrokerUnavailableError if the broker does not answer."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._url = settings.broker_url.get_secret_value()
        self._timeout = settings.send_timeout

    @classmethod
    def from_env(cls) -> Self:
        """With the settings of the environment (`CAPTIONFLEET_…`).

        Raises:
            InvalidSettingsError: a setting makes no sense.
        """
        return cls(ProducerSettings.from_env())

    def all(self) -> Iterator[FoundLetter]:
        """Those that lie there, the oldest first. None is lost by looking, and none changes its place."""
        with self._open() as box:
            for lying in box.letters():
                yield letter_in(lying.raw)

    def drop(self, ids: Collection[str] | None) -> Iterator[FoundLetter]:
        """Take letters away for good, and give each; None is all of them."""
        with self._open() as box:
            for lying, letter in _chosen(box, ids):
                lying.remove()
                yield letter

    def send_again(self, ids: Collection[str] | None) -> Iterator[Outcome]:
        """Send what was put aside to the queue that it came from, as it was, and take the letter away.

        Args:
            ids: of letters; None is all of them.

        Yields:
            Each letter when the broker has confirmed its message, or the error that says why it stays.
        """
        with self._open() as box:
            for lying, letter in _chosen(box, ids):
                yield _send(box, lying, letter)

    @contextmanager
    def _open(self) -> Generator[Box]:
        kind: Callable[..., Box] = QueueBox if is_rabbitmq(self._url) else ListBox
        waits = {"socket_connect_timeout": self._timeout, "socket_timeout": max(self._timeout, 15.0)}
        connection = connection_to(self._url, self._timeout, redis=waits)
        try:
            with connection:
                connection.ensure_connection(max_retries=1, interval_start=0)
                yield kind(connection)
        except broker_failures(connection) as error:
            raise BrokerUnavailableError(
                f"the broker does not answer ({error}): see that CAPTIONFLEET_BROKER_URL is right and its server runs"
            ) from error


def _chosen(box: Box, ids: Collection[str] | None) -> Iterator[tuple[Lying, FoundLetter]]:
    for lying in box.letters():
        letter = letter_in(lying.raw)
        if ids is None or letter.id in ids:
            yield lying, letter


def _send(box: Box, lying: Lying, letter: FoundLetter) -> Outcome:
    if letter.message is None:
        return LetterNotSendableError(letter.id, "its message is not kept")
    if letter.queue is None:
        return LetterNotSendableError(letter.id, "nobody knows which queue it came from")
    box.send(letter.message, letter.queue)
    lying.remove()
    return letter
