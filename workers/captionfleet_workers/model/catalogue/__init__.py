"""The error catalogue: every documented way in which a call fails, as data, and what to do about it."""

from captionfleet_workers.model.catalogue.judge import ROWS, judge
from captionfleet_workers.model.catalogue.row import ErrorReport, Fault, Row, Verdict
from captionfleet_workers.model.catalogue.sentences import is_error_sentence
from captionfleet_workers.model.catalogue.server_names import STATUS_OF_NAME

__all__ = ["ROWS", "STATUS_OF_NAME", "ErrorReport", "Fault", "Row", "Verdict", "is_error_sentence", "judge"]
