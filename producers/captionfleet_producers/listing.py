"""Lists of jobs, read page by page."""

from collections.abc import Iterator

from captionfleet_ledger import JobFilter, JobRecord
from captionfleet_producers.access import LedgerAccess

_PAGE = 200


def records(access: LedgerAccess, jobs: JobFilter, limit: int | None) -> Iterator[JobRecord]:
    """Jobs that fit a filter, newest first, read while iterating; at most `limit` if given."""
    cursor: str | None = None
    left = limit
    while left is None or left > 0:
        with access.open() as ledger:
            page = ledger.listing.page(jobs, limit=_PAGE if left is None else min(left, _PAGE), cursor=cursor)
        yield from page.records
        cursor = page.next_cursor
        left = None if left is None else left - len(page.records)
        if cursor is None:
            return
