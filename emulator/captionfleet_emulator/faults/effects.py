"""What a fault does to a call and to its answer."""

from dataclasses import replace

from captionfleet_emulator.errors import DroppedError, InjectedError
from captionfleet_emulator.faults.documented import error_of
from captionfleet_emulator.faults.rule import FaultRule
from captionfleet_emulator.model.answer import Answer, Usage, split_tokens
from captionfleet_emulator.model.pace import Pace


def strike(rule: FaultRule) -> None:
    """End the call here if the rule says so.

    Raises:
        DroppedError: the connection is to be closed.
        InjectedError: an error is to be answered.
    """
    if rule.drop:
        raise DroppedError
    if (rule.status or rule.code) and not rule.sentence_as_content:
        error = error_of(rule)
        raise InjectedError(
            error.status,
            error.code,
            error.message,
            error_type=error.type,
            native_message=error.native_message,
            retry_after=rule.retry_after,
        )


def spoil(answer: Answer, rule: FaultRule) -> Answer:
    """The answer as the rule has it."""
    if rule.sentence_as_content:
        return replace(answer, pieces=split_tokens(error_of(rule).message), usage=Usage(), finish_reason="stop")
    if rule.caption is not None or rule.empty_caption:
        pieces = split_tokens(rule.caption or "")
        answer = replace(answer, pieces=pieces, usage=replace(answer.usage, completion_tokens=len(pieces)))
    return replace(answer, finish_reason=rule.finish_reason or answer.finish_reason)


def slowness(rule: FaultRule) -> Pace:
    """What the rule adds to the time that an answer takes."""
    return Pace(
        base=rule.latency,
        per_audio_second=rule.latency_per_audio_second,
        per_output_token=rule.latency_per_output_token,
    )
