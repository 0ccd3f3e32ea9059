"""Sends one signed webhook and says what came back."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime

import httpx2

from captionfleet_schemas.signature import SignatureError, sign
from captionfleet_workers.errors import JobError
from captionfleet_workers.outbound import ForbiddenAddressError, deadline
from captionfleet_workers.outbound.retry_after import retry_after
from captionfleet_workers.webhooks.schedule import Outcome

NO_HEADERS: Mapping[str, str] = {}
ANSWER_CHARS = 200
"""How much of a receiver's answer is kept on record."""


class Sender:
    """Signs and posts."""

    def __init__(
        self, client: httpx2.Client, secrets: Sequence[str], timeout: float, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`timeout` is for a whole attempt, in seconds; `client` reaches only addresses that the operator allows."""
        self._client = client
        self._secrets = secrets
        self._timeout = timeout
        self._clock = clock

    def send(
        self, url: str, event_id: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[Outcome, str]:
        """Post once. Returns what was answered, and the first characters of the answer or the reason there is none.

        `headers` are sent besides our own.
        """
        try:
            own = self._headers(event_id, body)
            request = httpx2.Request("POST", url, content=body, headers={**headers, **own})
            with deadline(self._timeout), closing(self._client.send(request, stream=True)) as response:
                answer = _beginning(response)
        except httpx2.InvalidURL as error:
            # What cannot be read is not repeated: nobody can tell what of it is a password.
            return Outcome(None, is_forbidden=True), type(error).__name__
        except ForbiddenAddressError as error:
            return Outcome(None, is_forbidden=not error.by_name), f"{type(error).__name__}: {error}"[:ANSWER_CHARS]
        except (httpx2.HTTPError, JobError, SignatureError) as error:
            return Outcome(None, error=error), f"{type(error).__name__}: {error}"[:ANSWER_CHARS]
        return Outcome(response.status_code, retry_after(response, datetime.fromtimestamp(self._clock(), UTC))), answer

    def _headers(self, event_id: str, body: bytes) -> dict[str, str]:
        if not self._secrets:
            raise SignatureError("no webhook secret is configured (CAPTIONFLEET_WEBHOOK_SECRETS)")
        signed = sign(self._secrets, event_id, int(self._clock()), body)
        return {**signed, "content-type": "application/json", "user-agent": "captionfleet"}


def _beginning(response: httpx2.Response) -> str:
    for chunk in response.iter_raw(ANSWER_CHARS * 4):
        return chunk.decode("utf-8", errors="replace")[:ANSWER_CHARS]
    return ""
