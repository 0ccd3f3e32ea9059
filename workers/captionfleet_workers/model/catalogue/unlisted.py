"""What nobody has documented: the class of the status decides, and `known` is false so that it gets noticed."""

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Verdict, row

_CLIENT_ERRORS = " | ".join(map(str, range(400, 500)))
_SERVER_ERRORS = " | ".join(map(str, range(500, 600)))
_REDIRECTS = " | ".join(map(str, range(300, 400)))

# fmt: off
ROWS = (
    row("unlisted_denial", "401 | 402 | 403 | 404", "", "",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Check key, account and base URL.", known=False),
    row("unlisted_limit", "429", "", "",
        Verdict.WAIT, Code.MODEL_UNAVAILABLE, "Submit the job again later.", known=False),
    row("unlisted_timeout", "408 | 425", "", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Submit the job again later.", known=False),
    row("unlisted_client_error", _CLIENT_ERRORS, "", "",
        Verdict.FAIL, Code.MODEL_REJECTED, "See the message.", known=False),
    row("unlisted_server_error", _SERVER_ERRORS, "", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Submit the job again later.", known=False),
    row("unlisted_redirect", _REDIRECTS, "", "",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Set the base URL that the redirect points to.", known=False),
    row("unlisted", "", "", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Submit the job again later.", known=False),
)
# fmt: on
