import pytest

from captionfleet_workers.model.doubts import is_english, turns_in_circles

CAPTION = (
    "The recording opens in a quiet, furnished room. A low male voice in the centre says "
    "“哎呀这样我还怎么安静工作啊” "
    "(āiyā, zhèyàng wǒ hái zěnme ānjìng gōngzuò a?), which is to say that nobody can work like this. On the left a "
    "hammer knocks every half a second: a knock, a pause, a knock, a pause, and so on to the end. The hum of a "
    "machine lies below it all, and the recording ends in the middle of a knock."
)
LOOP = "The recording begins with a knock. " + "Then there is a knock on the left side of the stereo field. " * 6


@pytest.mark.parametrize(
    ("text", "circles"),
    [
        (CAPTION, False),
        (LOOP, True),
        ("knock " * 40, True),
        ("Knock, knock, knock: somebody is at the door.", False),
        (CAPTION + CAPTION, True),
        ("", False),
    ],
    ids=["a caption", "a loop", "one word", "a few words", "everything twice", "nothing"],
)
def test_circles(text: str, circles: bool) -> None:
    """A text that says the same again and again is told from one that describes repetition."""
    assert turns_in_circles(text) is circles


@pytest.mark.parametrize(
    ("text", "english"),
    [
        (CAPTION, True),
        ("Knocks, hammer, voices.", True),
        ("一个男人在房间里说话", False),
        ("Мужчина говорит; слева стучит молоток.", False),
        (
            "La grabación comienza con una voz masculina que habla despacio mientras alguien golpea una pared.",
            False,
        ),
        (
            "Die Aufnahme beginnt mit einer tiefen Stimme, während jemand links jede Sekunde gegen eine Wand klopft.",
            False,
        ),
        ("♪ ♪ ♪", True),
    ],
    ids=["a caption that quotes", "keywords", "Chinese", "Russian", "Spanish", "German", "no letters"],
)
def test_language(text: str, english: bool) -> None:
    """Quotations leave a caption English; another language does not."""
    assert is_english(text) is english
