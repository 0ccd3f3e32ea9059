"""Reading a native generation request as the service reads it.

Source: the audio understanding and "DashScope" API reference pages of the Qwen Cloud documentation. What they leave
open is decided as in the OpenAI-compatible dialect: the captioner passes over system messages and text parts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from captionfleet_emulator.dialect import Headers
from captionfleet_emulator.errors import (
    STREAM_ONLY,
    AccessDeniedError,
    InvalidRequestError,
    MediaError,
    MediaFault,
)
from captionfleet_emulator.fields import JsonObject, card_of, max_tokens, parse, resolves_uploads
from captionfleet_emulator.model.call import Call
from captionfleet_emulator.parameters import NATIVE, check_parameters

NO_ASYNC = "Current user api does not support asynchronous calls."
NO_MESSAGES = "Either prompt or messages must exist and cannot both be none"
BAD_ROLE = "Role must be user or assistant and Content length must be greater than 0"
NO_USER = "The input messages do not contain elements with the role of user"
NO_AUDIO = (
    "<400> InternalError.Algo.InvalidParameter: Required parameter(audio) missing or invalid, please check the request "
    "parameters."
)
NO_MODAL = "The item of content should be a message of a certain modal"
ROLES = frozenset({"system", "user", "assistant"})
MODALS = frozenset({"audio", "image", "text", "video"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A call with what only this dialect knows."""

    call: Call
    incremental: bool
    """Whether each event of a stream has only what is new, or all that was said so far."""


def wants_stream(headers: Headers) -> bool:
    """Whether a request asks for server-sent events: by the service's own header, or by what it accepts."""
    return headers.get("x-dashscope-sse", "").lower() == "enable" or "text/event-stream" in headers.get("accept", "")


def read_request(body: bytes, headers: Headers, account: str) -> GenerationRequest:
    """Validate a request.

    Raises:
        AccessDeniedError: it asks for an asynchronous task.
        ModelNotFoundError: the catalogue does not know the model.
        MediaError: several audios.
        InvalidRequestError: no audio, or anything else is not of the documented form.
    """
    if headers.get("x-dashscope-async", "").lower() == "enable":
        raise AccessDeniedError(NO_ASYNC)
    request = parse(body)
    card = card_of(request.get("model"))
    parts = list(_user_parts(_messages(_object(request.get("input")))))
    stream = wants_stream(headers)
    if card.stream_only and not stream:
        raise InvalidRequestError(STREAM_ONLY)
    parameters = _object(request.get("parameters"))
    check_parameters(parameters, NATIVE, card)
    call = Call(
        card=card,
        audio=_single_audio(parts),
        prompt=_prompt(parts) if card.takes_prompt else "",
        max_tokens=max_tokens(parameters.get("max_tokens"), card),
        stream=stream,
        account=account,
        resolves_uploads=resolves_uploads(headers),
    )
    return GenerationRequest(call=call, incremental=parameters.get("incremental_output") is True)


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _messages(given: JsonObject) -> Sequence[JsonObject]:
    messages = given.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequestError(NO_MESSAGES)
    if not all(isinstance(message, dict) and message.get("role") in ROLES for message in messages):
        raise InvalidRequestError(BAD_ROLE)
    if not any(message["role"] == "user" for message in messages):
        raise InvalidRequestError(NO_USER)
    return messages


def _user_parts(messages: Sequence[JsonObject]) -> Iterator[JsonObject]:
    for message in messages:
        if message["role"] != "user":
            continue
        content = message.get("content")
        if not content:
            raise InvalidRequestError(BAD_ROLE)
        yield from map(_known_part, content if isinstance(content, list) else [{"text": content}])


def _known_part(part: object) -> JsonObject:
    if not isinstance(part, dict) or not MODALS & part.keys():
        raise InvalidRequestError(NO_MODAL)
    if not {"audio", "text"} & part.keys():
        raise InvalidRequestError("<400> InternalError.Algo.InvalidParameter: Unexpected item type in content.")
    return part


def _single_audio(parts: Sequence[JsonObject]) -> str:
    audios = [part["audio"] for part in parts if "audio" in part]
    if len(audios) > 1:
        raise MediaError(MediaFault.SEVERAL)
    if not audios or not isinstance(audios[0], str):
        raise InvalidRequestError(NO_AUDIO)
    return audios[0]


def _prompt(parts: Sequence[JsonObject]) -> str:
    return " ".join(str(part["text"]) for part in parts if "text" in part).strip()
