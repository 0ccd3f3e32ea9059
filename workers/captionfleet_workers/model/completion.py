"""Reading a chat completion, whole or as a stream, into one value."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from captionfleet_workers.model.bounds import BOUNDS
from captionfleet_workers.model.catalogue import ErrorReport, Fault
from captionfleet_workers.model.classification import report_of_body
from captionfleet_workers.model.sse import DONE, Event, events

_BROKEN_OFF = frozenset({"abort", "error"})
"""Finish reasons of servers of one's own that gave an answer up in the middle."""
_CUT = ErrorReport(fault=Fault.CUT_STREAM, message="The model's stream ended in mid-answer.")


@dataclass(slots=True)
class Completion:
    """What a success said. `usage` is as it came, in either spelling, not yet checked."""

    oversized: bool = False
    """There was more text than is taken in."""
    room: int = BOUNDS.caption_chars
    """Characters that there is still room for."""
    pieces: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    usage: Any = None
    id: str | None = None
    model: str | None = None

    def add(self, piece: str) -> str:
        """Take a piece of text in, as far as there is room, and say how much of it was taken."""
        self.oversized = self.oversized or len(piece) > self.room
        taken = piece[: self.room]
        self.room -= len(taken)
        self.pieces.append(taken)
        return taken

    @property
    def text(self) -> str:
        """The caption, without white space around it."""
        return "".join(self.pieces).strip()


class _Words(BaseModel):
    content: Any = None

    @property
    def text(self) -> str:
        """Some servers write it in parts."""
        if isinstance(self.content, list):
            return "".join(str(part.get("text") or "") for part in self.content if isinstance(part, dict))
        return self.content if isinstance(self.content, str) else ""


class _Choice(BaseModel):
    message: _Words | None = None
    delta: _Words | None = None
    finish_reason: str | None = None


class _Document(BaseModel):
    """A whole answer or one event of a stream; any shape of an error may stand in its place."""

    id: Any = None
    object: Any = None
    model: Any = None
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None
    code: Any = None
    message: Any = None
    detail: Any = None

    @property
    def is_error(self) -> bool:
        """Whether it is an error and no answer."""
        flat = self.code or self.detail or self.message or self.object == "error"
        return bool(self.error or (flat and not self.choices))


def read_whole(raw: bytes) -> Completion | ErrorReport:
    """Read the JSON of a plain answer."""
    completion = Completion()
    return _take(completion, raw, lambda _piece: None) or _unless_broken_off(completion)


def read_stream(chunks: Iterable[bytes], on_piece: Callable[[str], None]) -> Completion | ErrorReport:
    """Read server-sent events up to `[DONE]`, handing on each piece of text as it comes.

    Text beyond its bound is not waited for. A stream without `[DONE]` and without a finish reason was cut off, whatever
    text it brought.
    """
    completion = Completion()
    for event in events(chunks):
        if event.data.strip() == DONE:
            return _unless_broken_off(completion)
        report = _read_event(completion, event, on_piece)
        if report is not None:
            return report
        if completion.oversized:
            return completion
    return _CUT if completion.finish_reason is None else _unless_broken_off(completion)


def _read_event(completion: Completion, event: Event, on_piece: Callable[[str], None]) -> ErrorReport | None:
    if event.name == "error":
        return replace(report_of_body(event.data), status=event.status)
    if not event.data.strip():
        return None
    report = _take(completion, event.data, on_piece)
    # Half an event at the end says that the stream was cut, and nothing else.
    half = report is not None and report.fault is Fault.UNREADABLE and not event.whole
    return _CUT if half else report


def _unless_broken_off(completion: Completion) -> Completion | ErrorReport:
    return _CUT if completion.finish_reason in _BROKEN_OFF else completion


def _take(completion: Completion, raw: bytes, on_piece: Callable[[str], None]) -> ErrorReport | None:
    try:
        document = _Document.model_validate_json(raw)
    except ValidationError:
        return ErrorReport(fault=Fault.UNREADABLE, message="The model's answer is not a chat completion.")
    if document.is_error:
        return report_of_body(raw)
    completion.id = completion.id or document.id
    completion.model = completion.model or document.model
    completion.usage = document.usage or completion.usage
    for choice in (document.choices or [])[:1]:
        _take_choice(completion, choice, on_piece)
    return None


def _take_choice(completion: Completion, choice: _Choice, on_piece: Callable[[str], None]) -> None:
    words = choice.message or choice.delta
    completion.finish_reason = choice.finish_reason or completion.finish_reason
    if words is not None and words.text:
        on_piece(completion.add(words.text))
