"""Limits of the account: 429, of which there are several kinds, and the burst sentence, which also came as 500 and 200.

`insufficient_quota` is the limit of tokens per minute here and passes by itself, unlike OpenAI's; the codes that share
429 with it and do mean money are in `account`. No Retry-After is documented, so the waits are our own.
"""

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Verdict, row

# fmt: off
ROWS = (
    row("burst_rate", "", "throttling.burstrate | limit_burst_rate", "request rate increased too quickly",
        Verdict.SLOW_DOWN, Code.MODEL_UNAVAILABLE, "Let the request rate grow more slowly."),
    row("batch_capacity", "429", "", "batch requests are being throttled",
        Verdict.WAIT, Code.MODEL_UNAVAILABLE, "Submit again later."),
    row("concurrency", "429", "throttling.concurrency", "too many concurrent requests",
        Verdict.SLOW_DOWN, Code.MODEL_UNAVAILABLE, "Make fewer calls at once."),
    row("route_busy", "429", "", "too many requests in route",
        Verdict.SLOW_DOWN, Code.MODEL_UNAVAILABLE, "Submit again later."),
    row("request_rate", "429",
        "throttling.ratequota | limitrequests | limit_requests | resourceexhausted | too many requests",
        "exceeded your request limit | requests rate limit exceeded | exceeded your current requests",
        Verdict.WAIT, Code.MODEL_UNAVAILABLE, "Lower the fleet's requests per minute, or have the limit raised."),
    row("token_rate", "429", "throttling.allocationquota | insufficient_quota",
        "allocated quota exceeded | exceeded your current quota",
        Verdict.WAIT, Code.MODEL_UNAVAILABLE, "Lower the fleet's tokens per minute, or have the limit raised."),
    row("throttled", "429", "throttling", "requests throttling triggered",
        Verdict.SLOW_DOWN, Code.MODEL_UNAVAILABLE, "Lower the fleet's request rate."),
)
# fmt: on
