"""What a refusal of the model says was too much."""

from captionfleet_ledger import Exceeded

EXCEEDED = {
    "request_rate": Exceeded.REQUESTS,
    "concurrency": Exceeded.REQUESTS,
    "route_busy": Exceeded.REQUESTS,
    "throttled": Exceeded.REQUESTS,
    "token_rate": Exceeded.TOKENS,
    "burst_rate": Exceeded.BURST,
}
"""What was too much, by the catalogue's reason; calls at once are the rate times their length.
The others are the model's own."""
