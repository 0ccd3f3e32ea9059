"""The error of a failed call; its place in the tree is drawn in `captionfleet_workers.errors`."""

import re
from collections.abc import Collection
from dataclasses import replace

from captionfleet_schemas import Route
from captionfleet_workers.errors import TransientError
from captionfleet_workers.model.catalogue import STATUS_OF_NAME, ErrorReport, Fault, Row, Verdict

_INSIDE = re.compile(
    r"""
      (?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])   # an IPv4 address
    | [0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,}          # an IPv6 address
    | [a-z0-9\]]:\d{2,5}\b                        # a port
    | \blocalhost\b | \.(?:local|internal|lan|svc|cluster)\b
    | \berrno\b | \bconnect\ call\ failed | \btraceback\b | \b\w+\.py\b
    | (?<![\w/:.?])/(?:[\w.-]+/)+                  # a path
    | <!?[a-z]                                     # a page, which a proxy wrote
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What a text says of the inside of a network or a machine."""
_NAMED_LIMIT = re.compile(r"maximum allowed duration of (\d{1,6}(?:\.\d+)?) ?s")
_PADDING_SECONDS = 1.0
"""Encoders pad, so that a part decodes to a little more than was cut."""
_KEY = re.compile(r"\bsk-[\w*.-]+")
_QUERY = re.compile(r"(\bhttps?://[^\s?'\"]*)\?[^\s'\"]+")
_LONGEST_MESSAGE = 500


class ModelCallError(TransientError):
    """A call failed. Whether another try helps is for the verdict of its `row` to say."""

    def __init__(self, row: Row, report: ErrorReport, *, route: Route) -> None:
        super().__init__(describe(report), code=row.code, retry_after=report.retry_after)
        self.row = row
        self.report = report
        self.route = route
        """How the audio was sent, so that another way can be taken."""

    @property
    def request_id(self) -> str | None:
        """The model's own id of the failed call."""
        return self.report.request_id

    @property
    def is_answer(self) -> bool:
        """Whether the model has looked at the request and judged it, which shows that its service works."""
        own = self.row.verdict not in {Verdict.WAIT, Verdict.SLOW_DOWN, Verdict.PAUSE}
        doubtful = self.row.may_be_outage or self.may_be_the_address
        return own and self.report.fault is None and not doubtful

    @property
    def upstream_code(self) -> str | None:
        """The model's own error code; None when the model itself sent no error."""
        return self.report.code or self.report.type

    @property
    def told_code(self) -> str | None:
        """The same, where the job's owner may read it."""
        code = self.upstream_code
        may_be_told = _is_known(code) if self.report.inner else _INSIDE.search(code or "") is None
        return code if may_be_told else None

    @property
    def told(self) -> str:
        """What happened, in words for the job's owner: none of an inner server's, which speak of inner addresses."""
        report = self.report
        if report.inner and report.fault is None:
            return f"The model answered {report.effective_status or 'with an error'} ({self.row.reason})"
        shown = _INSIDE.search(f"{report.code} {report.type} {report.message}") is None
        return self.message if shown else describe(replace(report, message="…", code=self.told_code, type=None))

    @property
    def may_be_the_address(self) -> bool:
        """Whether the same audio may do if the server need not fetch it.

        A server of one's own names what went wrong with a fetch in as many ways as its libraries have words for it, and
        with any status; so where it was given an address, every refusal counts as one of the address that is not known
        to be of the account, of the server's load or of the audio's length.
        """
        if not self.report.inner or self.route is not Route.URL or self.report.fault in _BEFORE_ANY_FETCH:
            return False
        return self.row.verdict in _DOUBTFUL or (self.row.verdict is Verdict.PAUSE and not self.row.known)

    def is_too_much(self, avoided: Collection[Route]) -> bool:
        """Whether less audio in one call may do; with the routes that the job has tried."""
        return self.row.verdict is Verdict.SPLIT or (self.row.divides and self.route in avoided)

    def less_than(self, seconds: float) -> float:
        """How much audio to send in one call instead: just below the limit that the refusal names, or half as much."""
        named = _NAMED_LIMIT.search(self.report.text)
        limit = float(named[1]) - _PADDING_SECONDS if named else seconds
        return limit if limit < seconds else seconds / 2

    @property
    def may_be_outage(self) -> bool:
        """Whether the service may be out of order: other calls will tell."""
        return self.row.may_be_outage and not self.may_be_the_address


_DOUBTFUL = frozenset({Verdict.FAIL, Verdict.RETRY, Verdict.RETRY_STREAMING})
_BEFORE_ANY_FETCH = frozenset({Fault.CONNECT, Fault.LOST})
"""The server itself was not reached, or has gone."""


def is_unreachable(problem: Exception) -> bool:
    """Whether a call reached nobody: no address for the name, no connection, no TLS. Never the fault of one audio."""
    return isinstance(problem, ModelCallError) and problem.report.fault is Fault.CONNECT


def describe(report: ErrorReport) -> str:
    """One sentence for people, without what some services repeat: API keys, and the signatures of signed URLs."""
    words = " ".join(report.message.split())
    if report.fault is None:
        names = dict.fromkeys(str(part) for part in (report.status, report.code or report.type) if part)
        named = " ".join(names)
        words = f"The model answered {named or 'with an error'}: {words or 'no message'}"
    return _QUERY.sub(r"\1?…", _KEY.sub("sk-…", words))[:_LONGEST_MESSAGE]


def _is_known(code: str | None) -> bool:
    return code is not None and ((code.isdigit() and len(code) == len("400")) or code.lower() in STATUS_OF_NAME)
