"""What a request of any dialect comes down to."""

from dataclasses import dataclass

from captionfleet_schemas.catalogue import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, with dialect and transport taken away."""

    card: ModelCard
    audio: str
    """An http(s) URL, a base64 data URL, or the `oss://` address of an upload."""
    account: str = ""
    """The API key, which an upload is bound to."""
    resolves_uploads: bool = False
    """Whether the request carries the header that lets `oss://` addresses be read."""
    prompt: str = ""
    """The user's question, for the models that take one."""
    max_tokens: int
    stream: bool = False
