"""What a caption's own words give reason to doubt: it turns in a circle, or is not in the language that was promised.

Both were reported of sister models. A doubt never fails a job: what was paid for is handed over, and says so.
"""

import re

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_RUN_WORDS = 8
"""Runs of so many words are compared; a description hardly ever says the same eight words twice."""
_LEAST_RUNS = 16
_MOST_REPEATED = 0.25
_LEAST_WORDS = 12
_LEAST_FUNCTION_WORDS = 0.08
"""Of all words; English prose has about a third."""
_FUNCTION_WORDS = frozenset(
    {
        "and",
        "are",
        "at",
        "by",
        "for",
        "from",
        "is",
        "it",
        "its",
        "not",
        "of",
        "that",
        "the",
        "there",
        "this",
        "to",
        "with",
    }
)
"""Frequent in English, and rare in its neighbours."""


def turns_in_circles(text: str) -> bool:
    """Whether more than a quarter of all runs of eight words have been said before."""
    words = _words(text)
    runs = list(zip(*(words[start:] for start in range(_RUN_WORDS)), strict=False))
    return len(runs) >= _LEAST_RUNS and 1 - len(set(runs)) / len(runs) > _MOST_REPEATED


def is_english(text: str) -> bool:
    """Whether a text may be English: mostly Latin letters, and, if it is long enough to tell, English function words.

    Quotations of another language are part of good captions; only a text that is mostly something else is none.
    """
    letters = [letter for letter in text if letter.isalpha()]
    latin = sum(1 for letter in letters if _LATIN.match(letter))
    if latin * 2 < len(letters):
        return False
    words = _words(text)
    known = sum(word in _FUNCTION_WORDS for word in words)
    return len(words) < _LEAST_WORDS or known >= _LEAST_FUNCTION_WORDS * len(words)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
