"""Dead letters: what lies on the queue `captionfleet.dead`, sent again or dropped by hand."""

from captionfleet_producers.letters.box import DeadLetters
from captionfleet_producers.letters.found import FoundLetter

__all__ = ["DeadLetters", "FoundLetter"]
