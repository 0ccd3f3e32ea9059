"""Faults of the service: 5xx."""

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Verdict, row

_LATER = "Submit the job again later."

# fmt: off
ROWS = (
    row("last_message_not_user", "500", "", "list index out of range",
        Verdict.FAIL, Code.MODEL_REJECTED, "This is a fault of captionfleet's: please report it with the message."),
    row("capacity", "429 | 500 | 503", "modelservingerror", "throttled due to system capacity limits",
        Verdict.WAIT, Code.MODEL_UNAVAILABLE, _LATER),
    row("model_unavailable", "500 | 503", "modelunavailable", "model is unavailable",
        Verdict.WAIT, Code.MODEL_UNAVAILABLE, _LATER),
    row("request_timeout", "408 | 500 | 504", "requesttimeout", "request timed out | i/o error on post request",
        Verdict.RETRY_STREAMING, Code.MODEL_UNAVAILABLE, "Stream the answer: a plain call ends after 300 seconds."),
    row("response_timeout", "408 | 500 | 504", "responsetimeout", "response timeout",
        Verdict.RETRY_STREAMING, Code.MODEL_UNAVAILABLE, "Stream the answer: a plain call ends after 300 seconds."),
    row("async_timeout", "500", "internalerror.timeout", "",
        Verdict.FAIL, Code.MODEL_REJECTED, "Send shorter audio."),
    row("upload_failed", "500", "internalerror.fileupload | internalerror.upload",
        "oss upload error | failed to upload result",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, _LATER),
    row("system_error", "500", "systemerror", "an system error has occ | a system error has occ",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, _LATER),
    row("service_failed", "500", "modelservicefailed", "failed to request model service",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, _LATER),
    row("inference_error", "500", "internalerror.algo",
        "inference internal error | inference error | batching backend response failed | algorithm process error"
        " | internal error has occured during | internal error has occurred during"
        " | internal error occurs during computation | error occurred in model serving | no backend server available",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, _LATER),
    row("internal_error", "500", "internalerror | internal_error", "internal error has occ | internal server error",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, _LATER),
    row("gateway", "502 | 504 | 520", "", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, _LATER),
)
# fmt: on
