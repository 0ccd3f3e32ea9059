"""What a request of any dialect comes down to."""

from dataclasses import dataclass

from captionfleet_schemas.catalogue import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, with dialect and transport taken away."""

    card: ModelCard
    audio: str
    """An http(s) URL or a base64 data URL."""
    prompt: str = ""
    """The user's question, for the models that take one."""
    max_tokens: int
    stream: bool = False
