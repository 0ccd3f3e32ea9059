"""Reading an answer of the native DashScope interface, whole or as a stream, into one value.

Unlike a chat completion its stream has no `[DONE]`, says the word "null" for no finish reason yet, repeats the usage in
each event, and reports an error as an `event:error` under status 200.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ValidationError

from captionfleet_workers.model.catalogue import ErrorReport, Fault
from captionfleet_workers.model.classification import report_of_body
from captionfleet_workers.model.completion import Completion
from captionfleet_workers.model.sse import Event, events

_NOT_YET = "null"
_CUT = ErrorReport(fault=Fault.CUT_STREAM, message="The model's stream ended in mid-answer.")


@dataclass(slots=True)
class _Growth:
    """What is new in each event, whether they carry the next piece or everything so far.

    The second text tells which: only one that repeats the first and goes on can be everything so far. Where nothing
    follows a lone repetition the pieces read the same.
    """

    said: str = ""
    cumulative: bool | None = None

    def new_in(self, text: str) -> str:
        if self.said and text and self.cumulative is None:
            self.cumulative = len(text) > len(self.said) and text.startswith(self.said)
        new = text.removeprefix(self.said) if self.cumulative else text
        if self.cumulative or not self.said:
            self.said += new
        return new


class _Message(BaseModel):
    content: list[dict[str, Any]] | str | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(str(part.get("text") or "") for part in self.content)
        return self.content or ""


class _Choice(BaseModel):
    message: _Message | None = None
    finish_reason: str | None = None


class _Output(BaseModel):
    choices: list[_Choice] | None = None


class _Document(BaseModel):
    """A whole answer or one event of a stream; an error may stand in its place."""

    output: _Output | None = None
    usage: Any = None
    request_id: Any = None
    code: Any = None
    message: Any = None
    error: Any = None
    detail: Any = None


def read_native_whole(raw: bytes) -> Completion | ErrorReport:
    """Read the JSON of a plain answer."""
    completion = Completion()
    return _take(completion, Event(raw), _Growth(), lambda _piece: None) or completion


def read_native_stream(chunks: Iterable[bytes], on_piece: Callable[[str], None]) -> Completion | ErrorReport:
    """Read server-sent events up to the one with a finish reason, handing on each piece of text as it comes.

    A stream that ends before was cut off, whatever text it brought.
    """
    completion, growth = Completion(), _Growth()
    for event in events(chunks):
        if not event.data.strip() and event.name != "error":
            continue
        report = _take(completion, event, growth, on_piece)
        if report is not None:
            return report
        if completion.finish_reason is not None or completion.oversized:
            return completion
    return _CUT


def _take(completion: Completion, event: Event, growth: _Growth, on_piece: Callable[[str], None]) -> ErrorReport | None:
    if event.name == "error":
        return _error(event)
    try:
        document = _Document.model_validate_json(event.data)
    except ValidationError:
        if not event.whole:
            return _CUT
        return ErrorReport(fault=Fault.UNREADABLE, message="The model's answer is not one of its interface.")
    if (document.code or document.error or document.detail) and document.output is None:
        return _error(event)
    completion.id = completion.id or document.request_id
    completion.usage = document.usage or completion.usage
    for choice in ((document.output and document.output.choices) or [])[:1]:
        _take_choice(completion, choice, growth, on_piece)
    return None


def _take_choice(completion: Completion, choice: _Choice, growth: _Growth, on_piece: Callable[[str], None]) -> None:
    if choice.finish_reason != _NOT_YET:
        completion.finish_reason = choice.finish_reason or completion.finish_reason
    new = growth.new_in(choice.message.text if choice.message else "")
    if new:
        on_piece(completion.add(new))


def _error(event: Event) -> ErrorReport:
    report = report_of_body(event.data)
    failed = event.status is not None and event.status >= HTTPStatus.BAD_REQUEST
    return replace(report, status=event.status) if failed else report
