"""Calls the model."""

import structlog

from captionfleet_ledger import LedgerUnavailableError
from captionfleet_workers.job.attempt import Attempt
from captionfleet_workers.job.fleet import Fleet
from captionfleet_workers.model.port import Answer, ModelRequest
from captionfleet_workers.pacing.outage import note_answer

log = structlog.get_logger()


def call(attempt: Attempt, fleet: Fleet) -> None:
    """Make one call, and settle the permit's tokens by what it really used."""
    attempt.progress = attempt.progress.with_call()
    attempt.called_at = fleet.clock()
    request = _request(attempt, fleet)
    log.debug(
        "model.calling",
        model=request.model,
        account=attempt.account.name,
        route=request.audio.route,
        stream=request.stream,
    )
    traced = fleet.traces.call(request, attempt.account.terms)
    with fleet.pieces.pieces_of(attempt) as on_piece, fleet.metrics.call(request.model, attempt.account.name), traced:
        # From here on it is paid for: whatever fails before it is settled must not cost a second call.
        attempt.answer = answer = attempt.account.model.call(request, on_piece=on_piece, cancelled=attempt.check)
        fleet.traces.answered(answer)
    structlog.contextvars.bind_contextvars(request_id=answer.request_id)
    log.debug("model.answered", finish_reason=answer.finish_reason, quality=answer.quality)
    note_answer(attempt, fleet)
    _settle_permit(attempt, fleet, answer)


def _request(attempt: Attempt, fleet: Fleet) -> ModelRequest:
    assert attempt.audio is not None
    assert attempt.inspection is not None
    return ModelRequest(
        model=attempt.card.name,
        audio=attempt.audio,
        prompt=attempt.job.prompt,
        stream=(
            attempt.job.stream
            or attempt.progress.stream_next
            or attempt.card.stream_only
            or attempt.inspection.seconds > fleet.settings.stream_after
        ),
        timeout=_timeout(attempt, fleet),
        max_output_tokens=fleet.settings.model_max_output_tokens,
    )


def _timeout(attempt: Attempt, fleet: Fleet) -> float:
    allowed = fleet.settings.model_call_timeout
    if attempt.deadline is None:
        return allowed
    return max(0.1, min(allowed, attempt.deadline - fleet.clock()))


def _settle_permit(attempt: Attempt, fleet: Fleet, answer: Answer) -> None:
    if attempt.permit is None:
        return
    assert attempt.inspection is not None
    seconds = max(attempt.inspection.seconds, attempt.card.tokens.min_seconds)
    rates = fleet.accounts.rates_on(attempt.account, attempt.card.name)
    try:
        model, permit = attempt.card.name, attempt.permit
        if fleet.ledger.pace.settle(model, rates, permit, answer.usage, audio_seconds=seconds):
            fleet.line.caller.soon(model)
    except LedgerUnavailableError as error:
        # The answer is there and paid for: what its permit was off by is not worth a second walk through the steps.
        log.warning("permit.not_corrected", reason=str(error))
