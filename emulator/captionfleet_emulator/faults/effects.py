"""What a fault does to a call and to its answer."""

from dataclasses import replace

from captionfleet_emulator.errors import DroppedError, InjectedError
from captionfleet_emulator.faults.documented import error_of
from captionfleet_emulator.faults.rule import FaultRule
from captionfleet_emulator.model.answer import Answer, Usage, split_tokens


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
    if rule.empty_caption:
        answer = replace(answer, pieces=(), usage=replace(answer.usage, completion_tokens=0))
    return replace(answer, finish_reason=rule.finish_reason or answer.finish_reason)
