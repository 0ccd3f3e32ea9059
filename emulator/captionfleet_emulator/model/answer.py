"""What the model says to a call, with its usage."""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from captionfleet_emulator.listen.listeners import Heard
from captionfleet_emulator.model.call import Call
from captionfleet_schemas.catalogue import TokenRule

TOKEN = re.compile(r"\s*(?:\w+|[^\w\s])")
PREFACE = "You asked: “{prompt}” I cannot answer questions about a recording; I can only tell you what I hear in it. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the service reports and bills them."""

    audio_tokens: int = 0
    text_tokens: int = 0
    completion_tokens: int = 0

    @property
    def prompt_tokens(self) -> int:
        """Everything that went in."""
        return self.audio_tokens + self.text_tokens

    @property
    def total_tokens(self) -> int:
        """What limits and quotas count."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A caption in pieces of one token each."""

    pieces: tuple[str, ...]
    finish_reason: str
    usage: Usage
    seconds: float
    """Decoded duration of the audio."""

    @property
    def text(self) -> str:
        """The whole caption."""
        return "".join(self.pieces)


def compose(call: Call, heard: Heard) -> Answer:
    """Answer a call about an audio that was heard, within the call's `max_tokens`."""
    text = (PREFACE.format(prompt=call.prompt) if call.prompt else "") + heard.caption
    tokens = split_tokens(text)
    pieces = tokens[: call.max_tokens]
    usage = Usage(
        audio_tokens=audio_tokens(heard.seconds, call.card.tokens),
        text_tokens=call.card.tokens.template_tokens + len(split_tokens(call.prompt)),
        completion_tokens=len(pieces),
    )
    finish_reason = "length" if len(pieces) < len(tokens) else "stop"
    return Answer(pieces=pieces, finish_reason=finish_reason, usage=usage, seconds=heard.seconds)


def split_tokens(text: str) -> tuple[str, ...]:
    """Cut a text into the emulator's tokens: each word and each punctuation mark, with the blanks before it."""
    return tuple(TOKEN.findall(text))


def audio_tokens(seconds: float, rule: TokenRule) -> int:
    """Tokens of an audio: 12.5 for each second, of which there is at least one; a part of a token counts as one.

    Source: the token conversion rule on the audio understanding page of the Qwen Cloud documentation.
    """
    counted = max(Decimal(str(round(seconds, 3))), Decimal(str(rule.min_seconds)))
    return int((counted * rule.tokens_per_second).to_integral_value(ROUND_CEILING))
