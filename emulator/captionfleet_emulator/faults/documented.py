"""Documented throttling and failure answers, so that a fault rule needs only a status or a code.

Sources: the Qwen Cloud page "Error messages" and the Model Studio page on error codes.
"""

from typing import NamedTuple

from captionfleet_emulator.errors import KEY_WRONG, MISSING_CONTENT_LENGTH, NATIVE_CODES, NATIVE_KEY_WRONG, TIMED_OUT
from captionfleet_emulator.faults.rule import FaultRule


class DocumentedError(NamedTuple):
    """One error as the service words it."""

    status: int
    code: str
    message: str
    type: str
    native_message: str = ""
    """What the native API says in place of `message`, where it has words of its own."""


DOCUMENTED = (
    DocumentedError(
        429,
        "limit_requests",
        "You exceeded your current requests list.",
        "limit_requests",
        "Requests rate limit exceeded, please try again later.",
    ),
    DocumentedError(
        429,
        "limit_burst_rate",
        "Request rate increased too quickly. To ensure system stability, please adjust your client logic to scale "
        "requests more smoothly over time.",
        "limit_burst_rate",
    ),
    DocumentedError(
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "Allocated quota exceeded, please increase your quota limit.",
    ),
    DocumentedError(429, "Throttling.Concurrency", "Too many concurrent requests.", "Throttling.Concurrency"),
    DocumentedError(429, "PrepaidBillOverdue", "The prepaid bill is overdue.", "PrepaidBillOverdue"),
    DocumentedError(429, "PostpaidBillOverdue", "The postpaid bill is overdue.", "PostpaidBillOverdue"),
    DocumentedError(429, "CommodityNotPurchased", "Commodity has not purchased yet.", "CommodityNotPurchased"),
    DocumentedError(429, "Throttling", "Requests throttling triggered.", "Throttling"),
    DocumentedError(400, "invalid_parameter_error", "Required body invalid.", "invalid_request_error"),
    DocumentedError(400, "Arrearage", "Access denied, please make sure your account is in good standing.", "Arrearage"),
    DocumentedError(
        400,
        "data_inspection_failed",
        "<400> InternalError.Algo.DataInspectionFailed: Input data may contain inappropriate content.",
        "data_inspection_failed",
    ),
    DocumentedError(401, "invalid_api_key", KEY_WRONG, "invalid_request_error", NATIVE_KEY_WRONG),
    DocumentedError(403, "access_denied", "Access denied.", "access_denied"),
    DocumentedError(
        403,
        "AllocationQuota.FreeTierOnly",
        "The free tier of the model has been exhausted. If you want to continue access the model on a paid basis, "
        'please disable the "use free tier only" mode in the management console.',
        "AllocationQuota.FreeTierOnly",
    ),
    DocumentedError(
        403,
        "AccessDenied.Unpurchased",
        "Access to model denied. Please make sure you are eligible for using the model.",
        "AccessDenied.Unpurchased",
    ),
    DocumentedError(403, "Model.AccessDenied", "Model access denied.", "Model.AccessDenied"),
    DocumentedError(403, "Workspace.AccessDenied", "Workspace access denied.", "Workspace.AccessDenied"),
    DocumentedError(404, "model_not_found", "Model can not be found.", "invalid_request_error"),
    DocumentedError(
        500,
        "internal_error",
        "An internal error has occured, please try again later or contact service support.",
        "internal_error",
    ),
    DocumentedError(500, "InternalError.Algo", MISSING_CONTENT_LENGTH, "internal_error"),
    DocumentedError(500, "RequestTimeOut", TIMED_OUT, "internal_error"),
    DocumentedError(500, "ResponseTimeout", "Response timeout!", "ResponseTimeout"),
    DocumentedError(500, "SystemError", "An system error has occured, please try again later.", "SystemError"),
    DocumentedError(500, "ModelServiceFailed", "Failed to request model service.", "ModelServiceFailed"),
    DocumentedError(500, "InternalError.FileUpload", "oss upload error.", "InternalError.FileUpload"),
    DocumentedError(500, "InternalError.Upload", "Failed to upload result.", "InternalError.Upload"),
    DocumentedError(
        503,
        "ModelServingError",
        "Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.",
        "ModelServingError",
    ),
    DocumentedError(503, "ModelUnavailable", "Model is unavailable, please try again later.", "ModelUnavailable"),
)


COMPATIBLE_CODES = {native: code for code, native in NATIVE_CODES.items()}


def error_of_code(code: str) -> DocumentedError:
    """The documented error of a code, which is one of the table's."""
    return next(error for error in DOCUMENTED if error.code == code)


def error_of(rule: FaultRule) -> DocumentedError:
    """The error that a rule asks for; what the rule leaves open is as documented. Codes of either API do."""
    code = None if rule.code is None else COMPATIBLE_CODES.get(rule.code, rule.code)
    candidates = [error for error in DOCUMENTED if rule.status in (None, error.status) and code in (None, error.code)]
    fallback = DocumentedError(rule.status or 500, code or "internal_error", "Internal server error!", "internal_error")
    documented = candidates[0] if candidates else fallback
    return documented._replace(
        message=rule.message if rule.message is not None else documented.message,
        type=rule.type or documented.type,
        native_message=documented.native_message if rule.message is None else rule.message,
    )
