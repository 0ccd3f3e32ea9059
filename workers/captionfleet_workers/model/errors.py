"""The error of a failed call; its place in the tree is drawn in `captionfleet_workers.errors`."""

import re

from captionfleet_schemas import Route
from captionfleet_workers.errors import TransientError
from captionfleet_workers.model.catalogue import ErrorReport, Row

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
    def upstream_code(self) -> str | None:
        """The model's own error code; None when the model itself sent no error."""
        return self.report.code or self.report.type


def describe(report: ErrorReport) -> str:
    """One sentence for people, without what some services repeat: API keys, and the signatures of signed URLs."""
    words = " ".join(report.message.split())
    if report.fault is None:
        named = " ".join(str(part) for part in (report.status, report.code or report.type) if part)
        words = f"The model answered {named or 'with an error'}: {words or 'no message'}"
    return _QUERY.sub(r"\1?…", _KEY.sub("sk-…", words))[:_LONGEST_MESSAGE]
