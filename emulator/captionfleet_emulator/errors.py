"""Why a request gets no caption: every error answer, to the letter of the service.

    EmulatorError
    ├── ApiError                    an error body: status, code, type and message
    │   ├── InvalidApiKeyError      401  no key, or none that the settings know
    │   ├── ModelNotFoundError      404  a model that the catalogue does not know
    │   ├── AccessDeniedError       403  the API is not open to such a request
    │   ├── InvalidRequestError     400  the request has not the documented form
    │   │   └── MediaError          400  the audio is refused, by a reason of `MediaFault`
    │   ├── ServiceError            500  the service itself failed
    │   ├── LimitError              429  the account's limits are used up; 403 for its free quota
    │   └── InjectedError           any  a fault rule asked for it
    ├── StorageError                any  an upload is refused, in the storage's XML
    ├── DroppedError                no answer at all: a fault rule asked for the connection to be closed
    └── WeightsError                no answer is concerned: a model's file is not the pinned one, and is not used

Sources of status, code and message: the Qwen Cloud pages "Error messages" and "Chat completions", and error bodies
that users of the service published. The service frames an algorithm's message as `<400> InternalError.Algo.…: `; the
word InternalError is part of it even though the status is 400.
"""

from enum import StrEnum
from typing import Self


class MediaFault(StrEnum):
    """Why an audio is refused; each value is the sentence that the service says."""

    EMPTY = "The audio is empty"
    TOO_LONG = "The audio is too long"
    ILLEGAL = "The audio format is illegal and cannot be opened"
    SEVERAL = "Only one audio file is supported per request."
    MISSING = "Required parameter(input_audio) missing or invalid, please check the request parameters."
    INVALID_URL = "The provided URL does not appear to be valid. Ensure it is correctly formatted."
    INLINE_TOO_LARGE = "Exceeded limit on max bytes per data-uri item : 10485760"
    FILE_TOO_LARGE = "Multimodal file size is too large"
    NOT_FOUND = "Failed to find the requested media resource during the data inspection process."
    FORBIDDEN = "Don't have authorization to access the media resource during the data inspection process."
    DOWNLOAD_FAILED = "Failed to download multimodal content"
    DOWNLOAD_TIMED_OUT = "Download the media resource timed out during the data inspection process."


DOWNLOAD_FAULTS = frozenset({MediaFault.DOWNLOAD_FAILED, MediaFault.DOWNLOAD_TIMED_OUT})
"""Faults that the native API counts to data inspection."""


class EmulatorError(Exception):
    """Base of everything that takes the place of a caption."""


NATIVE_CODES = {
    "access_denied": "AccessDenied",
    "data_inspection_failed": "DataInspectionFailed",
    "insufficient_quota": "Throttling.AllocationQuota",
    "internal_error": "InternalError",
    "invalid_api_key": "InvalidApiKey",
    "invalid_parameter_error": "InvalidParameter",
    "limit_burst_rate": "Throttling.BurstRate",
    "limit_requests": "Throttling.RateQuota",
    "model_not_found": "ModelNotFound",
}
"""Codes of the OpenAI-compatible API that the native API spells in another way."""


class ApiError(EmulatorError):
    """An error body, in the words of both APIs.

    `native_code` and `native_message` are what the native API says where it has words of its own. `retry_after` is in
    seconds and becomes the header of that name.
    """

    def __init__(  # noqa: PLR0913  each is a field of the answer
        self,
        status: int,
        code: str,
        message: str,
        *,
        error_type: str,
        native_code: str = "",
        native_message: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.error_type = error_type
        self.native_code = native_code or NATIVE_CODES.get(code, code)
        self.native_message = native_message or message
        self.retry_after = retry_after


class InvalidApiKeyError(ApiError):
    """The Authorization header is missing or carries an unknown key."""

    def __init__(self, message: str, *, native: str) -> None:
        super().__init__(401, "invalid_api_key", message, error_type="invalid_request_error", native_message=native)


class ModelNotFoundError(ApiError):
    """The request names a model that the catalogue does not know."""

    def __init__(self, name: str) -> None:
        message = f"The model `{name}` does not exist or you do not have access to it."
        super().__init__(
            404,
            "model_not_found",
            message,
            error_type="invalid_request_error",
            native_message="Model can not be found.",
        )


class AccessDeniedError(ApiError):
    """The API is not open to such a request."""

    def __init__(self, message: str) -> None:
        super().__init__(403, "access_denied", message, error_type="access_denied")


class InvalidRequestError(ApiError):
    """The request is not of the documented form."""

    def __init__(self, message: str, *, native_code: str = "", native_message: str = "") -> None:
        super().__init__(
            400,
            "invalid_parameter_error",
            message,
            error_type="invalid_request_error",
            native_code=native_code,
            native_message=native_message,
        )


class MediaError(InvalidRequestError):
    """The audio of the request is refused."""

    def __init__(self, media_fault: MediaFault) -> None:
        super().__init__(
            f"<400> InternalError.Algo.InvalidParameter: {media_fault}",
            native_code="InvalidParameter.DataInspection" if media_fault in DOWNLOAD_FAULTS else "",
        )
        self.media_fault = media_fault


class ServiceError(ApiError):
    """The service failed, by its own fault or by that of the audio's origin."""

    def __init__(self, message: str, code: str = "internal_error", *, native_code: str = "") -> None:
        super().__init__(500, code, message, error_type="internal_error", native_code=native_code)


class InjectedError(ApiError):
    """A fault rule answered in place of the model."""


class LimitError(ApiError):
    """The account has used up what it may use."""


class StorageError(EmulatorError):
    """An upload is refused, in the words of the object storage behind the service."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    @classmethod
    def denied(cls, reason: str) -> Self:
        """The policy does not allow it."""
        return cls(403, "AccessDenied", f"Invalid according to Policy: {reason}")

    @classmethod
    def unknown_access_key(cls) -> Self:
        """The form names another access key than the policy's."""
        return cls(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")

    @classmethod
    def wrong_signature(cls) -> Self:
        """The policy was changed, or never issued."""
        return cls(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing "
            "method.",
        )

    @classmethod
    def exists(cls) -> Self:
        """A file of that name was uploaded before."""
        return cls(409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")

    @classmethod
    def too_large(cls) -> Self:
        """The file is larger than the policy says."""
        return cls(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")

    @classmethod
    def no_file(cls) -> Self:
        """The form has no file in it."""
        return cls(400, "IncorrectNumberOfFilesInPOSTRequest", "POST requires exactly one file upload per request.")


class DroppedError(EmulatorError):
    """A fault rule closes the connection."""


class WeightsError(EmulatorError):
    """A file of a model has another hash than the pinned one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not the pinned file")
        self.name = name


MISSING_CONTENT_LENGTH = "<500> InternalError.Algo: Missing Content-Length of multimodal url."
INFERENCE_FAILED = "<500> InternalError.Algo: inference internal error."
TIMED_OUT = "Request timed out, please try again later."
KEY_MISSING = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
KEY_WRONG = "Incorrect API key provided."
NATIVE_KEY_MISSING = "No API-key provided."
NATIVE_KEY_WRONG = "Invalid API-key provided."
STREAM_ONLY = "This model only support stream mode, please enable the stream parameter to access the model. "
