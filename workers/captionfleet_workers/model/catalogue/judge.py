"""The judge: which row of the catalogue a report belongs to."""

from captionfleet_workers.model.catalogue import (
    account,
    bad_audio,
    bad_request,
    server,
    servers,
    throttling,
    transport,
    unlisted,
)
from captionfleet_workers.model.catalogue.row import ErrorReport, Row

ROWS: tuple[Row, ...] = (
    *transport.ROWS,
    *servers.ROWS,
    *account.ROWS,
    *throttling.ROWS,
    *bad_audio.ROWS,
    *bad_request.ROWS,
    *server.ROWS,
    *unlisted.ROWS,
)
"""In order of judgement: the first row that fits decides.

Faults of our own naming come first, as nothing else can be said of them. Servers of one's own follow, whose words are
like no others and come with any status. Account faults precede throttling because some
of them come as 429, and throttling precedes the rest because some of it comes as 500. Within a module the rows keep the
order of the service's own pages, save that a row known by its message precedes the row of the code that it shares. The
last module catches what nobody has documented, by the class of its status.
"""


def judge(report: ErrorReport) -> Row:
    """The first row that fits; there always is one."""
    return next(row for row in ROWS if row.fits(report))
