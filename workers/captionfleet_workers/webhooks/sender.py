"""Sends one signed webhook and says what came back."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime

import httpx2

from captionfleet_schemas.signature import SignatureError, sign
from captionfleet_workers.errors import JobError
from captionfleet_workers.outbound import ForbiddenAddressError
from captionfleet_workers.outbound.deadline import deadline
from captionfleet_workers.outbound.heard import hearing, status_in
from captionfleet_workers.outbound.retry_after import retry_after
from captionfleet_workers.webhooks.schedule import Outcome

NO_HEADERS: Mapping[str, str] = {}
ANSWER_CHARS = 200
"""How much of a receiver's answer is kept on record."""
BODY_SECONDS = 0.1
"""How long the body of an answer is waited for."""


class Sender:
    """Signs and posts."""

    def __init__(
        self,
        client: httpx2.Client,
        secrets: Sequence[str],
        timeout: float,
        *,
        clock: Callable[[], float] = time.time,
        content_type: str = "application/json",
    ) -> None:
        """`timeout` is for a whole attempt, in seconds; `client` reaches only addresses that the operator allows."""
        self._client = client
        self._secrets = secrets
        self._timeout = timeout
        self._clock = clock
        self._content_type = content_type

    def send(
        self, url: str, event_id: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[Outcome, str]:
        """Post once. Returns what was answered, and the first characters of the answer or the reason there is none.

        `headers` are sent besides our own.
        """
        with hearing() as heard:
            try:
                request = self._request(url, event_id, body, headers)
                with deadline(self._timeout), closing(self._client.send(request, stream=True)) as response:
                    return self._outcome(response), _beginning(response)
            except (httpx2.HTTPError, httpx2.InvalidURL, JobError, SignatureError) as error:
                # A receiver whose headers make no sense, or never end, has answered all the same.
                status = status_in(bytes(heard))
                return (Outcome(status) if status else _unanswered(error)), _reason(error)

    def _request(self, url: str, event_id: str, body: bytes, headers: Mapping[str, str]) -> httpx2.Request:
        return httpx2.Request("POST", url, content=body, headers={**headers, **self._headers(event_id, body)})

    def _outcome(self, response: httpx2.Response) -> Outcome:
        return Outcome(response.status_code, retry_after(response, datetime.fromtimestamp(self._clock(), UTC)))

    def _headers(self, event_id: str, body: bytes) -> dict[str, str]:
        if not self._secrets:
            raise SignatureError("no webhook secret is configured (CAPTIONFLEET_WEBHOOK_SECRETS)")
        signed = sign(self._secrets, event_id, int(self._clock()), body)
        return {**signed, "content-type": self._content_type, "user-agent": "captionfleet"}


def _unanswered(error: Exception) -> Outcome:
    """What follows where there was no answer: an address that can never work is not tried again."""
    if isinstance(error, ForbiddenAddressError):
        return Outcome(None, error=error, is_forbidden=not error.by_name)
    return Outcome(None, error=error, is_forbidden=isinstance(error, httpx2.InvalidURL))


def _reason(error: Exception) -> str:
    # Of an address that cannot be read nothing is repeated: nobody can tell what of it is a password.
    said = "" if isinstance(error, httpx2.InvalidURL) else f": {error}"
    return f"{type(error).__name__}{said}"[:ANSWER_CHARS]


def _beginning(response: httpx2.Response) -> str:
    """What of the body comes at once. The receiver has answered already: no body, or a broken one, changes nothing."""
    try:
        with deadline(BODY_SECONDS):
            for chunk in response.iter_raw(ANSWER_CHARS * 4):
                return chunk.decode("utf-8", errors="replace")[:ANSWER_CHARS]
    except httpx2.HTTPError as error:
        return f"({type(error).__name__} in the body)"
    return ""
