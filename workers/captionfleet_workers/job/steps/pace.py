"""Waits for a permit: the whole fleet shares the account's requests and tokens."""

import time
from contextlib import suppress

from captionfleet_ledger import Asking, LedgerUnavailableError, Permit
from captionfleet_workers.errors import ThrottledError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.job.line import is_limited
from captionfleet_workers.job.pacer import Ticket
from captionfleet_workers.model.port import AudioUpload

LONGEST_WAIT_SECONDS = 300.0
"""Wait in the slot up to this long in all; the job then goes back to the ledger."""
LOOK_SECONDS = 0.25
"""So often a job that waits looks whether it is still to be done."""
BUSY = "the fleet's limits are used up"
OUTAGE_SECONDS = 5.0
"""A job that has to wait longer for the next try of a service that is out of order leaves its slot,"""
STAY = 2
"""but for so many of each process, which make that try."""


def pace(attempt: Attempt, fleet: Fleet) -> None:
    """Sleep until this call may be made.

    Raises:
        ThrottledError: it would take longer than a slot is worth.
        PausedError: calls have been stopped since the job was claimed.
        InLineError: the service is out of order.
    """
    if fleet.accounts.several or is_limited(fleet.accounts.together(attempt.card.name)):
        _wait_for_permit(attempt, fleet)
    else:
        _wait_for_cool_down(attempt, fleet)


def _wait_for_permit(attempt: Attempt, fleet: Fleet) -> None:
    assert attempt.inspection is not None
    seconds = max(attempt.inspection.seconds, attempt.card.tokens.min_seconds)
    asking = Asking(
        job_id=attempt.job_id,
        group=attempt.group,
        audio_seconds=seconds,
        since=fleet.clock(),
        bound_to=_bound_to(attempt),
    )
    ticket = fleet.pacer.ask(attempt.card.name, asking)
    try:
        _wait(ticket, attempt, fleet)
    finally:
        fleet.pacer.withdraw(ticket)
    assert ticket.permit is not None
    attempt.permit, attempt.ahead = ticket.permit, False
    attempt.account = fleet.accounts[ticket.permit.account]
    attempt.rest(ticket.due - time.monotonic())


def _wait(ticket: Ticket, attempt: Attempt, fleet: Fleet) -> None:
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    fleet.pauses.check(attempt)
    while not ticket.granted.wait(LOOK_SECONDS):
        # A ledger that is away permits nothing, and says nothing of pauses: whoever is ready for the call stays so.
        with suppress(LedgerUnavailableError):
            fleet.pauses.check(attempt)
            _check_account(attempt, fleet)
        attempt.check_waiting()
        outlook = ticket.outlook
        if outlook and outlook.outage:
            # Whoever stays is called within a minute, and again.
            until = time.monotonic() + LONGEST_WAIT_SECONDS
            _leave_if_it_lasts(ticket, outlook, attempt, fleet)
        elif outlook and time.monotonic() + outlook.wait > until:
            raise ThrottledError(outlook.reason or BUSY, retry_after=outlook.wait)


def _leave_if_it_lasts(ticket: Ticket, outlook: Permit, attempt: Attempt, fleet: Fleet) -> None:
    if outlook.wait <= OUTAGE_SECONDS or fleet.pacer.comes_first(ticket, STAY):
        return
    with suppress(LedgerUnavailableError):
        fleet.line.step_back(attempt)


def _bound_to(attempt: Attempt) -> str:
    """The account in whose storage the audio lies."""
    return attempt.account.name if isinstance(attempt.audio, AudioUpload) else ""


def _check_account(attempt: Attempt, fleet: Fleet) -> None:
    bound_to = _bound_to(attempt)
    fault = fleet.faults.of(attempt.card.name).get(bound_to) if bound_to else None
    if fault:
        # Its next start brings the audio to another one.
        raise ThrottledError(fault.reason, retry_after=0.0)


def _wait_for_cool_down(attempt: Attempt, fleet: Fleet) -> None:
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    fleet.pauses.check(attempt)
    while not (condition := fleet.conditions.of(attempt.card.name)).fault and (cooling := condition.cooling):
        if time.monotonic() + cooling.seconds > until:
            raise ThrottledError(cooling.reason, retry_after=cooling.seconds)
        # Those who were refused come back at slightly different times, or they would all call at once.
        attempt.rest(cooling.seconds * fleet.random.uniform(1, 1.1))
        fleet.pauses.check(attempt)
    if condition.fault:
        _wait_for_permit(attempt, fleet)
