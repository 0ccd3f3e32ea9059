"""One line of the request log."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request, filled in while it is served."""

    at: str
    arrived: float
    """Seconds since the emulator's start."""
    request_id: str
    dialect: str
    """`compatible` or `native`."""
    account: str = ""
    """Fingerprint of the API key; empty if the request was refused before it was read."""
    model: str = ""
    stream: bool = False
    route: str = ""
    """`url`, `inline`, `upload`, or empty if the request named no audio."""
    url: str = ""
    """Without query, which may carry a signature."""
    question: str = ""
    """Names model, prompt and audio as they were sent, also where the call was refused before the audio was read."""
    sha256: str = ""
    seconds: float | None = None
    """Decoded duration of the audio."""
    tokens: int | None = None
    """Used by the answer, in and out."""
    status: int | None = None
    """HTTP status; None while the request is served, and where the connection was dropped."""
    code: str = ""
    """Error code, or `dropped`, `cut`, `client_gone` or `aborted`."""
    retry_after: float | None = None
    """Seconds that the answer asked to wait."""
    fault: str = ""
    """Id of the fault rule that struck."""
    latency: float | None = None
    """Seconds from arrival to the end of the answer; None while the request is served."""
