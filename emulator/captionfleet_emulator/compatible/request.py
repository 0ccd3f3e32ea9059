"""Reading a chat completion request as the service reads it.

Source: the audio understanding and "Chat completions" pages of the Qwen Cloud documentation. What they leave open is
decided so: the captioner passes over system messages and text parts; what is silently ignored there is ignored here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from captionfleet_emulator.dialect import Headers
from captionfleet_emulator.errors import STREAM_ONLY, InvalidRequestError, MediaError, MediaFault
from captionfleet_emulator.fields import JsonObject, card_of, max_tokens, parse, resolves_uploads
from captionfleet_emulator.model.call import Call
from captionfleet_emulator.parameters import COMPATIBLE, check_parameters
from captionfleet_schemas.catalogue import ModelCard

AUDIO_STREAM_ONLY = "'audio' output only support with stream=true"
TEXT_ONLY = "The emulator answers in text alone; set modalities to ['text']."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A call with what only this dialect knows."""

    call: Call
    include_usage: bool


def read_request(body: bytes, headers: Headers, account: str) -> ChatRequest:
    """Validate a request body.

    Raises:
        ModelNotFoundError: the catalogue does not know the model.
        MediaError: no audio, or several.
        InvalidRequestError: anything else is not of the documented form.
    """
    request = parse(body)
    card = card_of(request.get("model"))
    messages = _messages(request.get("messages"))
    check_parameters(request, COMPATIBLE, card)
    stream = request.get("stream") is True
    _check_stream(request, card, stream=stream)
    parts = list(_user_parts(messages))
    options = request.get("stream_options")
    return ChatRequest(
        call=Call(
            card=card,
            audio=_single_audio(parts),
            prompt=_prompt(parts) if card.takes_prompt else "",
            max_tokens=max_tokens(request.get("max_tokens"), card),
            stream=stream,
            account=account,
            resolves_uploads=resolves_uploads(headers),
        ),
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def _messages(messages: object) -> Sequence[JsonObject]:
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise InvalidRequestError(
            "Required parameter(messages) missing or invalid, please check the request parameters."
        )
    if not messages:
        raise InvalidRequestError("[] is too short - 'messages'")
    if not any(message.get("role") == "user" for message in messages):
        raise InvalidRequestError("The input messages do not contain elements with the role of user")
    return messages


def _check_stream(request: JsonObject, card: ModelCard, *, stream: bool) -> None:
    wants_audio = card.stream_only and "audio" in (request.get("modalities") or ())
    if wants_audio:
        raise InvalidRequestError(TEXT_ONLY if stream else AUDIO_STREAM_ONLY)
    if card.stream_only and not stream:
        raise InvalidRequestError(STREAM_ONLY)


def _user_parts(messages: Sequence[JsonObject]) -> Iterator[JsonObject]:
    for message in messages:
        if message.get("role") != "user":
            continue
        content = message.get("content")
        if isinstance(content, str):
            yield {"type": "text", "text": content}
        elif isinstance(content, list):
            yield from map(_known_part, content)
        else:
            raise InvalidRequestError("The content field is a required field.")


def _known_part(part: object) -> JsonObject:
    if not isinstance(part, dict) or part.get("type") not in ("text", "input_audio"):
        raise InvalidRequestError("<400> InternalError.Algo.InvalidParameter: Unexpected item type in content.")
    return part


def _single_audio(parts: Sequence[JsonObject]) -> str:
    audios = [part.get("input_audio") for part in parts if part["type"] == "input_audio"]
    if len(audios) > 1:
        raise MediaError(MediaFault.SEVERAL)
    audio = audios[0] if audios else None
    data = audio.get("data") if isinstance(audio, dict) else None
    if not isinstance(data, str):
        raise MediaError(MediaFault.MISSING)
    return data


def _prompt(parts: Sequence[JsonObject]) -> str:
    return " ".join(str(part.get("text", "")) for part in parts if part["type"] == "text").strip()
