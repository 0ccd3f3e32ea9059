"""Shows a job while it is worked on: as text that grows on the screen, or as one JSON object a line."""

from typing import TYPE_CHECKING

import captionfleet_producers as fleet
from captionfleet_producers.cli.printing import facts_of_result, print_facts, print_result
from captionfleet_producers.cli.screen import print_json, say, say_piece

if TYPE_CHECKING:
    from captionfleet_producers import CaptionClient, CaptionPiece, CaptionResult, Watched


def report_watched(client: "CaptionClient", job_id: str, timeout: float | None, *, as_json: bool) -> bool:
    """Print everything that there is to see of a job, and tell whether it succeeded.

    Raises:
        JobTimeoutError: it did not end in time.
    """
    show = print_watched if as_json else Screen().show
    value: Watched | None = None
    for value in client.watch(job_id, timeout):
        show(value)
    return isinstance(value, fleet.CaptionResult) and value.failure is None


def print_watched(value: "Watched") -> None:
    """One line for a program. The last one is the result as it is on the wire, which has no `event`."""
    match value:
        case fleet.StateChanged(state=state, waiting_reason=reason):
            print_json({"event": "state", "state": state, "waiting_reason": reason})
        case fleet.CaptionPiece(text=text, part=part):
            print_json({"event": "piece", "part": part, "text": text})
        case fleet.BeganAnew(part=part):
            print_json({"event": "began_anew", "part": part})
        case fleet.CaptionResult():
            print_result(value, as_json=True)


class Screen:
    """What a person sees: the caption as it grows on stdout, remarks about it on stderr, and the result."""

    def __init__(self) -> None:
        self._text = ""
        self._part: str | None = None
        self._in_line = False

    def show(self, value: "Watched") -> None:
        """Show what comes next."""
        match value:
            case fleet.StateChanged():
                self._remark(f"{value.state}: {value.waiting_reason}" if value.waiting_reason else value.state)
            case fleet.CaptionPiece():
                self._write(value)
            case fleet.BeganAnew(part=part):
                self._remark("the answer broke off, and begins anew" + (f" for part {part}" if part else ""))
                self._text = ""
            case fleet.CaptionResult():
                self._end_line()
                self._print_result(value)

    def _write(self, piece: "CaptionPiece") -> None:
        if piece.part != self._part:
            self._end_line()
            self._text = ""
        if piece.part and not self._in_line:
            say_piece(f"[part {piece.part}] ")
        say_piece(piece.text)
        self._text += piece.text
        self._part, self._in_line = piece.part, True

    def _remark(self, text: str) -> None:
        self._end_line()
        say(text, to_stderr=True)

    def _end_line(self) -> None:
        if self._in_line:
            say()
        self._in_line = False

    def _print_result(self, result: "CaptionResult") -> None:
        shown = result.caption is not None and self._text.strip() == result.caption
        facts = [(name, text) for name, text in facts_of_result(result) if not (shown and name == "caption")]
        print_facts(f"{result.job_id}  {result.state}", facts)
