"""What a watcher hears of the pieces of a job."""

from collections.abc import Sequence

import pytest

from captionfleet_ledger import Piece, WaitingReason
from captionfleet_producers import BeganAnew, CaptionPiece, StateChanged
from captionfleet_producers.cli.watching import Screen
from captionfleet_producers.watching import Transcript
from captionfleet_schemas import JobState


def said(text: str, at: int = 0, *, call: str = "a", part: str | None = None) -> Piece:
    """A piece as the ledger keeps it."""
    return Piece(id="1-0", call=call, attempt=1, part=part, at=at, text=text)


def heard(pieces: Sequence[Piece]) -> list[str]:
    """The pieces as they are told, with a bar where their text begins anew."""
    transcript = Transcript()
    told = [value for piece in pieces for value in transcript.take(piece)]
    return [value.text if isinstance(value, CaptionPiece) else "|" for value in told]


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([said("A dog "), said("barks.", 6)], ["A dog ", "barks."]),
        ([said("A dog "), said("A dog ")], ["A dog "]),
        ([said("A dog "), said("A dog barks.")], ["A dog ", "barks."]),
        ([said("A dog "), said("A dog"), said("barks.", 6)], ["A dog ", "barks."]),
        ([said("A "), said("barks.", 6)], ["A ", "barks."]),
        ([said("A dog "), said("A cat", call="b")], ["A dog ", "|", "A cat"]),
        ([said("barks.", 6), said("A cat", call="b")], ["barks.", "|", "A cat"]),
    ],
    ids=["in order", "twice", "twice and more", "twice, late", "a gap", "another call", "joined late"],
)
def test_each_word_is_heard_once(pieces: Sequence[Piece], told: list[str]) -> None:
    """Pieces come in order; some may come twice, and another call begins anew."""
    assert heard(pieces) == told


def test_parts_begin_anew_each_for_itself() -> None:
    """They speak at the same time."""
    transcript = Transcript()
    pieces = [said("Rain", part="1"), said("Wind", call="b", part="2"), said("Hail", call="c", part="1")]

    told = [value for piece in pieces for value in transcript.take(piece)]

    assert told == [
        CaptionPiece(text="Rain", part="1"),
        CaptionPiece(text="Wind", part="2"),
        BeganAnew(part="1"),
        CaptionPiece(text="Hail", part="1"),
    ]


def test_parts_are_told_apart_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Each change of part begins a line that names it; remarks stand on stderr and in no line of the caption."""
    screen = Screen()

    for value in (
        StateChanged(state=JobState.RUNNING),
        CaptionPiece(text="Rain", part="1"),
        CaptionPiece(text=" falls.", part="1"),
        CaptionPiece(text="Wind", part="2"),
        BeganAnew(part="2"),
        CaptionPiece(text="A storm.", part="2"),
        StateChanged(state=JobState.WAITING, waiting_reason=WaitingReason.PARTS),
    ):
        screen.show(value)

    printed = capsys.readouterr()
    assert printed.out.splitlines() == ["[part 1] Rain falls.", "[part 2] Wind", "[part 2] A storm."]
    assert printed.err.splitlines() == [
        "running",
        "the answer broke off, and begins anew for part 2",
        "waiting: parts",
    ]
