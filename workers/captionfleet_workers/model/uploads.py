"""The vendor's temporary upload: a file that is too large to go inline goes to the model's own storage for 48 hours.

Two calls, as "Upload local files to get a temporary URL" (Model Studio) documents them: `GET {base}/uploads` gives
leave in form of a signed policy, and a form with that policy goes to the storage. The address that comes of it is for
the same model and the same account alone, and a call that names it says so in a header.
"""

import io
import secrets
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import httpx2
from pydantic import BaseModel, ValidationError

from captionfleet_schemas import Route
from captionfleet_workers.model.catalogue import ErrorReport, Fault, judge
from captionfleet_workers.model.classification import report_of_body, report_of_error
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.upload_policy import UploadPolicy
from captionfleet_workers.outbound import deadline

KEPT_SECONDS = 48 * 3600.0
"""How long the service keeps an upload."""
POLICY_SECONDS = 30.0
"""A policy takes one small answer."""

_NATIVE, _COMPATIBLE = "/api/v1", "/compatible-mode/v1"
_SHARED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
"""What these say of the key and its limits holds for every call. Any other refusal closes this one route alone."""

Check = Callable[[], object]


def uploads_at(base_url: str) -> str | None:
    """The native base URL beside the model's; None where it is not the vendor's kind, which has no such storage."""
    base = base_url.rstrip("/")
    if base.endswith(_COMPATIBLE):
        return base.removesuffix(_COMPATIBLE) + _NATIVE
    return base if base.endswith(_NATIVE) else None


class _Answer(BaseModel):
    data: UploadPolicy


class Uploads:
    """Uploads of one worker process; safe to share by threads, which share each model's policy as well."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        http_client_factory: Callable[[], httpx2.Client],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is connected yet.

        Args:
            base_url: the native one, which ends in `/api/v1`.
            api_key: of the same account that makes the calls.
            http_client_factory: makes a client that keeps to `outbound.deadline`.
            clock: seconds since whenever.
        """
        self._base_url = base_url
        self._api_key = api_key.strip()
        self._http_client_factory = http_client_factory
        self._clock = clock
        self._policies: dict[str, tuple[float, UploadPolicy]] = {}
        self._refused: dict[str, tuple[float, ErrorReport]] = {}
        self._lock = threading.Lock()

    def upload(self, path: Path, *, model: str, timeout: float, check: Check) -> str:
        """Bring a file to the model's storage.

        Args:
            path: of the file.
            model: that is going to read it.
            timeout: seconds for all of it.
            check: called between the pieces; what it raises ends the upload.

        Returns:
            The `oss://` address.

        Raises:
            ModelCallError: the storage did not take it; another try asks for a new policy where that may help.
        """
        with self._http_client_factory() as http, deadline(timeout, check):
            policy = self._policy(http, model)
            if path.stat().st_size > policy.max_bytes:
                raise no_storage(f"The model's storage takes no file of more than {policy.max_file_size_mb} MB.")
            # The storage refuses a second file of the same name, and a name of ours tells nothing of the file.
            key = f"{policy.upload_dir}/{secrets.token_hex(16)}"
            self._send(http, policy, key, path, model, check)
        return f"oss://{key}"

    def _policy(self, http: httpx2.Client, model: str) -> UploadPolicy:
        """The model's policy, asked for by one thread for all, as the service allows 100 questions a second."""
        asked_at = self._clock()
        with self._lock:
            usable_until, policy = self._policies.get(model, (0.0, None))
            if policy is not None and self._clock() < usable_until:
                return policy
            refused_at, refusal = self._refused.get(model, (0.0, None))
            if refusal is not None and refused_at >= asked_at:
                raise _error(refusal)
            answer = self._ask(http, model)
            if isinstance(answer, ErrorReport):
                self._refused[model] = self._clock(), answer
                raise _error(answer)
            self._policies[model] = asked_at + answer.usable_seconds, answer
            return answer

    def _ask(self, http: httpx2.Client, model: str) -> UploadPolicy | ErrorReport:
        try:
            response = http.get(
                f"{self._base_url}/uploads",
                params={"action": "getPolicy", "model": model},
                headers={"Authorization": f"Bearer {self._api_key}"},
                timeout=POLICY_SECONDS,
            )
        except httpx2.RequestError as error:
            return report_of_error(error, now=time.time())
        if response.status_code in _SHARED or response.is_server_error:
            return report_of_body(response.content, response.status_code, response.headers, now=time.time())
        try:
            return _Answer.model_validate_json(response.content).data
        except ValidationError:
            sentence = f"The model gives no leave to upload (status {response.status_code})."
            return ErrorReport(fault=Fault.NO_UPLOAD, message=sentence)

    def _send(  # noqa: PLR0913, PLR0917  one form, and for whom
        self, http: httpx2.Client, policy: UploadPolicy, key: str, path: Path, model: str, check: Check
    ) -> None:
        with _Watched(path, check) as file:
            try:
                files = {"file": ("audio", file, "application/octet-stream")}
                response = http.post(policy.upload_host, data=policy.form(key), files=files)
            except httpx2.RequestError as error:
                lost = report_of_error(error, now=time.time())
                raise _failure(f"The audio could not be uploaded: {lost.message}") from error
        if not response.is_success:
            # Whatever was wrong, the next try does not begin with the same leave.
            with self._lock:
                self._policies.pop(model, None)
            raise _failure(f"The model's storage answered {response.status_code}.")


def no_storage(sentence: str) -> ModelCallError:
    """The audio has to go another way."""
    return _error(ErrorReport(fault=Fault.NO_UPLOAD, message=sentence))


def _failure(sentence: str) -> ModelCallError:
    return _error(ErrorReport(fault=Fault.UPLOAD, message=sentence))


def _error(report: ErrorReport) -> ModelCallError:
    return ModelCallError(judge(report), report, route=Route.UPLOAD)


class _Watched(io.FileIO):
    """A file that asks whether to go on before each piece."""

    def __init__(self, path: Path, check: Check) -> None:
        super().__init__(path)
        self._check = check

    def read(self, size: int | None = -1, /) -> bytes | None:  # type: ignore[override]  # as of a file that blocks
        self._check()
        return super().read(-1 if size is None else size)
