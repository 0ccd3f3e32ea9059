"""The vocabulary of the error catalogue: a report of what came back, a verdict, and a row that links the two."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus

from captionfleet_schemas import FailureCode, Route
from captionfleet_workers.model.catalogue.server_names import STATUS_OF_NAME

_STATUS_PREFIX = re.compile(r"\s*<(\d{3})>")
_ADDRESS = re.compile(r"\b(?:data:|[a-z][a-z0-9+.-]*://)\S*")
_EMBEDDED_CODE = re.compile(r"\s*(?:<\d{3}>\s*)?([A-Za-z]+(?:\.[A-Za-z]+)+)\s*:")


class Verdict(StrEnum):
    """What to do after a failed call."""

    RETRY = "retry"
    """Call again, with backoff."""
    WAIT = "wait"
    """A limit per minute is used up: the whole fleet cools down, at least for the rest of the window."""
    SLOW_DOWN = "slow_down"
    """The rate grew too fast, or too many calls ran at once: call again, with a slower ramp."""
    REROUTE = "reroute"
    """The audio does not reach the model this way: send it another way."""
    SPLIT = "split"
    """More audio than one call carries: caption it in parts."""
    FAIL = "fail"
    """The same call will fail again."""
    PAUSE = "pause"
    """A fault of the account or the configuration: no call can succeed until a person mends it."""
    RETRY_STREAMING = "retry_streaming"
    """The answer takes too long for a plain call: call again once, streaming."""


class Fault(StrEnum):
    """What went wrong where the model itself sent no error."""

    CONNECT = "connect"
    """No connection: refused, unknown host, certificate, or no room within the connect timeout."""
    TIMEOUT = "timeout"
    """The answer was not complete when the time for the call was over."""
    LOST = "lost"
    """The connection broke in mid-call."""
    CUT_STREAM = "cut_stream"
    """A stream ended with neither a finish reason nor `[DONE]`."""
    UNREADABLE = "unreadable"
    """A success that is not the documented JSON."""
    UPLOAD = "upload"
    """The model's storage did not take a file."""
    NO_UPLOAD = "no_upload"
    """The model offers no storage for it at all."""
    NO_ADDRESS = "no_address"
    """The model's server must not be told an address."""
    EMPTY = "empty"
    """A success without a caption."""
    NO_TOKENS = "no_tokens"
    """A success whose usage says that nothing was generated."""


@dataclass(frozen=True, kw_only=True)
class ErrorReport:
    """What came back instead of a caption, in whatever dialect.

    A message may begin with `<400> InternalError.Algo.InvalidParameter:`, which repeats status and native code. That
    status counts where the outer one is missing, as inside a stream; and the word InternalError in it says nothing.
    """

    status: int | None = None
    code: str | None = None
    type: str | None = None
    message: str = ""
    retry_after: float | None = None
    """Seconds that the other side asked to wait."""
    request_id: str | None = None
    fault: Fault | None = None
    route: Route | None = None
    """How the audio of the call was sent; None where that is not known."""
    inner: bool = False
    """Whether one's own server said it, whose words tell of the inside of a network."""

    @cached_property
    def effective_status(self) -> int | None:
        """The error status of the answer, or else the one that the error names: by its code, its type or its prefix.

        Servers of one's own (vLLM, SGLang, llama.cpp, LiteLLM) put the status of HTTP into `code`, as a number or as
        its digits, which is all that an error inside a stream or under status 200 has of it.
        """
        if self.status is not None and self.status >= HTTPStatus.MULTIPLE_CHOICES:
            return self.status
        prefix = _STATUS_PREFIX.match(self.message)
        return _error_status(self.code) or (int(prefix[1]) if prefix else None) or self._status_of_names

    @cached_property
    def codes(self) -> frozenset[str]:
        """Everything that names the error, lower-case: code, type, our own fault, the native code in the message."""
        embedded = _EMBEDDED_CODE.match(self.message)
        names = (self.code, self.type, self.fault, embedded[1] if embedded else None)
        return frozenset(name.strip().lower() for name in names if name)

    @cached_property
    def text(self) -> str:
        """The message as fragments are looked for in it: lower-case, single spaces, without addresses.

        An address that a server repeats is the caller's text, and must not be taken for the server's.
        """
        return " ".join(_ADDRESS.sub("…", self.message.lower()).split())

    @property
    def _status_of_names(self) -> int | None:
        return next((STATUS_OF_NAME[name] for name in sorted(self.codes) if name in STATUS_OF_NAME), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One reason for a failed call: a status, if one is given, and a code or a fragment of the message, if any are."""

    reason: str
    """Names the row in logs and metrics; stable."""
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    """Lower-case, native and OpenAI spelling."""
    fragments: tuple[str, ...] = ()
    """Lower-case parts of the message; never the whole, as the service's own pages differ in small words."""
    verdict: Verdict
    code: FailureCode
    """What the job fails with if it fails for this reason."""
    remedy: str
    """One sentence; the service's own advice where it gives any."""
    tries: int | None = None
    """Calls that this reason may cost a job on one route. None leaves it to the retry policy; to reroute it is one."""
    known: bool = True
    """False where only the class of the status decided: the service said something new, so it should be logged."""
    by_address: bool = False
    """Whether it is about an address that the server was given: the same words mean something else beside a file."""
    divides: bool = False
    """Whether parts of the audio may do where no other form of it is left."""

    @property
    def may_be_outage(self) -> bool:
        """Whether the service may be out of order, rather than the audio or the account: other calls will tell."""
        if self.verdict is Verdict.FAIL:
            return not self.known
        return self.code is FailureCode.MODEL_UNAVAILABLE and self.verdict in {Verdict.RETRY, Verdict.RETRY_STREAMING}

    def fits(self, report: ErrorReport) -> bool:
        """Whether the report is of this kind. Code or message can do without a status, a status alone cannot."""
        by_address = report.route in {None, Route.URL} if self.by_address else True
        return by_address and self._fits_status(report.effective_status) and self._fits_words(report)

    def _fits_status(self, status: int | None) -> bool:
        named = bool(self.codes or self.fragments)
        return not self.statuses or status in self.statuses or (named and status is None)

    def _fits_words(self, report: ErrorReport) -> bool:
        if not self.codes and not self.fragments:
            return True
        return not self.codes.isdisjoint(report.codes) or any(part in report.text for part in self.fragments)


def _error_status(code: str | None) -> int | None:
    number = int(code) if code and code.isascii() and code.isdigit() and len(code) == len("400") else 0
    return number if number >= HTTPStatus.MULTIPLE_CHOICES else None


def row(  # noqa: PLR0913, PLR0917  a row of a table is read by position
    reason: str,
    statuses: str,
    codes: str,
    fragments: str,
    verdict: Verdict,
    code: FailureCode,
    remedy: str,
    *,
    tries: int | None = None,
    known: bool = True,
) -> Row:
    """A row written on one line: alternatives are separated by ` | `, an empty string leaves a condition out."""
    return Row(
        reason=reason,
        statuses=frozenset(map(int, _alternatives(statuses))),
        codes=frozenset(_alternatives(codes)),
        fragments=tuple(_alternatives(fragments)),
        verdict=verdict,
        code=code,
        remedy=remedy,
        tries=tries,
        known=known,
    )


def _alternatives(cell: str) -> list[str]:
    return cell.split(" | ") if cell else []
