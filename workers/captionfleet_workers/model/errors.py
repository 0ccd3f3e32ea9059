"""The error of a failed call; its place in the tree is drawn in `captionfleet_workers.errors`."""

import re

from captionfleet_schemas import Route
from captionfleet_workers.errors import TransientError
from captionfleet_workers.model.catalogue import ErrorReport, Fault, Row, Verdict

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
        return own and self.report.fault is None and not self.row.may_be_outage

    @property
    def upstream_code(self) -> str | None:
        """The model's own error code; None when the model itself sent no error."""
        return self.report.code or self.report.type


def is_unreachable(problem: Exception) -> bool:
    """Whether a call reached nobody: no address for the name, no connection, no TLS. Never the fault of one audio."""
    return isinstance(problem, ModelCallError) and problem.report.fault is Fault.CONNECT


def describe(report: ErrorReport) -> str:
    """One sentence for people, without what some services repeat: API keys, and the signatures of signed URLs."""
    words = " ".join(report.message.split())
    if report.fault is None:
        named = " ".join(str(part) for part in (report.status, report.code or report.type) if part)
        words = f"The model answered {named or 'with an error'}: {words or 'no message'}"
    return _QUERY.sub(r"\1?…", _KEY.sub("sk-…", words))[:_LONGEST_MESSAGE]
