"""The guards between a success of HTTP and a caption: what is empty, unpaid or an error in disguise is none."""

from typing import Any

from pydantic import ValidationError

from captionfleet_schemas import Usage
from captionfleet_workers.model.bounds import BOUNDS, identifier, word
from captionfleet_workers.model.catalogue import ErrorReport, Fault, is_error_sentence
from captionfleet_workers.model.completion import Completion
from captionfleet_workers.model.doubts import is_english, turns_in_circles
from captionfleet_workers.model.port import Answer, ModelRequest, QualityFlag


def answer_of(completion: Completion, request: ModelRequest, request_id: str | None) -> Answer | ErrorReport:
    """The answer, or the report of why it is none."""
    said = _usage(completion.usage)
    usage = said if said is not None and _is_plausible(said) else None
    request_id = identifier(request_id) or identifier(completion.id)
    return _disguised(completion.text, usage, request, request_id) or Answer(
        caption=completion.text,
        finish_reason=identifier(completion.finish_reason),
        usage=usage,
        request_id=request_id,
        model=word(completion.model) or request.model,
        quality=_quality(completion, said, request, priced=usage is not None),
    )


def _disguised(text: str, usage: Usage | None, request: ModelRequest, request_id: str | None) -> ErrorReport | None:
    unpaid = usage is not None and usage.output_tokens == 0
    # Whoever may ask the model anything can make it say anything, so with a prompt only an unpaid sentence counts.
    if is_error_sentence(text) and (unpaid or request.prompt is None):
        return ErrorReport(message=text, request_id=request_id)
    if not text:
        return ErrorReport(fault=Fault.EMPTY, message="The model's caption is empty.", request_id=request_id)
    if unpaid:
        return ErrorReport(fault=Fault.NO_TOKENS, message="The model generated no tokens.", request_id=request_id)
    return None


def _usage(raw: Any) -> Usage | None:
    if not isinstance(raw, dict):
        return None
    details = raw.get("prompt_tokens_details") or raw.get("input_tokens_details") or {}
    try:
        return Usage.model_validate(
            {
                "input_tokens": raw.get("prompt_tokens", raw.get("input_tokens")),
                "output_tokens": raw.get("completion_tokens", raw.get("output_tokens")),
                "audio_tokens": details.get("audio_tokens"),
                "text_tokens": details.get("text_tokens"),
            }
        )
    except (AttributeError, ValidationError):
        return None


def _is_plausible(usage: Usage) -> bool:
    counts = (usage.input_tokens, usage.output_tokens, usage.audio_tokens or 0, usage.text_tokens or 0)
    return max(counts) <= BOUNDS.tokens


def _quality(completion: Completion, said: Usage | None, request: ModelRequest, *, priced: bool) -> tuple[str, ...]:
    flags = {
        QualityFlag.TRUNCATED: completion.oversized or completion.finish_reason in {"length", None},
        QualityFlag.OVERSIZED: completion.oversized,
        QualityFlag.USAGE_MISSING: said is None,
        QualityFlag.USAGE_IMPLAUSIBLE: said is not None and not priced,
        QualityFlag.REPETITIVE: turns_in_circles(completion.text),
        QualityFlag.NOT_ENGLISH: request.prompt is None and not is_english(completion.text),
    }
    return tuple(flag for flag, raised in flags.items() if raised)
