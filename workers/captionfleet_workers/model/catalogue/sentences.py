"""Error sentences that have come, or may come, as the text of a successful answer.

The burst sentence was seen through a gateway as the assistant's text of a 200, with finish reason `stop` and all usage
zero. A caption may quote such a sentence, so only a text that is nothing else counts.
"""

SENTENCES = (
    (
        "Request rate increased too quickly. To ensure system stability, please adjust your client logic to scale"
        " requests more smoothly over time."
    ),
    "Requests throttling triggered.",
    "Too many requests in route. Please try again later.",
    "You have exceeded your request limit.",
    "Requests rate limit exceeded, please try again later.",
    "You exceeded your current requests list.",
    "Allocated quota exceeded, please increase your quota limit.",
    "You exceeded your current quota, please check your plan and billing details.",
    "Free allocated quota exceeded.",
    "Too many concurrent requests.",
    "Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.",
    "Access denied, please make sure your account is in good standing.",
    "An internal error has occured, please try again later or contact service support.",
    "Internal server error!",
    "An system error has occured, please try again later.",
    "Failed to request model service.",
    "Request timed out, please try again later.",
    "Response timeout!",
    "Model is unavailable, please try again later.",
    "The audio is empty",
    "The audio is too long",
    "Input data may contain inappropriate content.",
    "Output data may contain inappropriate content.",
)


BEGINNINGS = (
    "litellm.",
    "error code: ",
    "upstream connect error",
    "traceback (most recent call last)",
    '{"error"',
    "{'error'",
    "<html",
    "<!doctype html",
)
"""Lower-case: how a gateway begins that puts the error of what is behind it into the place of a caption."""


def is_error_sentence(text: str) -> bool:
    """Whether a caption is, word for word, one of the service's error messages, or begins as only an error does."""
    return (len(text) <= _LONGEST and _plain(text) in _PLAIN) or text[:_WIDEST].lower().startswith(BEGINNINGS)


def _plain(text: str) -> str:
    """Without what differs between the generations of the service's pages: case, spaces, `please`, the full stop."""
    words = text.lower().replace("occurred", "occured").split()
    return " ".join(word for word in words if word != "please").rstrip(".!")


_PLAIN = frozenset(map(_plain, SENTENCES))
_WIDEST = max(map(len, BEGINNINGS))
_LONGEST = 2 * max(map(len, SENTENCES))
