import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_emulator.listen.listeners import Heard
from captionfleet_emulator.model.answer import Answer, Usage, audio_tokens, compose, split_tokens
from captionfleet_emulator.model.call import Call
from captionfleet_emulator.model.pace import Pace
from captionfleet_schemas.catalogue import CAPTIONER, OMNI, TokenRule, model_card

HEARD = Heard(6.0, "A short sound, then silence.")


@pytest.mark.parametrize(
    ("seconds", "tokens"), [(0.02, 13), (1, 13), (2, 25), (6.0, 75), (6.01, 76), (7.1, 89), (2400, 30_000)]
)
def test_audio_tokens(seconds: float, tokens: int) -> None:
    """12.5 tokens for each second, at least one second, parts rounded up."""
    assert audio_tokens(seconds, TokenRule()) == tokens


@given(st.text(alphabet="ab ,.é-\n"))
def test_tokens_make_up_the_text(text: str) -> None:
    """Nothing but blanks at the end is lost by cutting a text into tokens."""
    assert "".join(split_tokens(text)) == text.rstrip()


def test_tokens_are_words_and_marks() -> None:
    """Each word and each punctuation mark is a token."""
    assert split_tokens("A sound, then none.") == ("A", " sound", ",", " then", " none", ".")


def test_compose_counts_the_prompt() -> None:
    """The words of a prompt are paid for, and the answer states it first."""
    call = Call(card=model_card(OMNI), audio="", prompt="Who speaks?", max_tokens=100)

    answer = compose(call, HEARD)

    assert answer.text.startswith("You asked: “Who speaks?”")
    assert answer.text.endswith(HEARD.caption)
    assert answer.usage.text_tokens == 8 + 3
    assert answer.finish_reason == "stop"


def test_compose_stops_at_max_tokens() -> None:
    """The caption ends at the cap, and says so."""
    answer = compose(Call(card=model_card(CAPTIONER), audio="", max_tokens=3), HEARD)

    assert answer.text == "A short sound"
    assert answer.finish_reason == "length"
    assert answer.usage == Usage(audio_tokens=75, text_tokens=8, completion_tokens=3)


def test_pace() -> None:
    """Latency has a base and parts for audio and output."""
    answer = Answer(pieces=("a", "b"), finish_reason="stop", usage=Usage(), seconds=10)

    assert Pace(base=1, per_audio_second=0.1, per_output_token=0.5).seconds(answer) == 3.0
