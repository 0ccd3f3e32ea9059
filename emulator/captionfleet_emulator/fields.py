"""Fields of a request that are read alike in every dialect."""

import json
from collections.abc import Mapping
from typing import Any

from captionfleet_emulator.dialect import Headers
from captionfleet_emulator.errors import InvalidRequestError, ModelNotFoundError
from captionfleet_schemas.catalogue import ModelCard, model_card
from captionfleet_schemas.failures import UnknownModelError

JsonObject = Mapping[str, Any]


def parse(body: bytes) -> JsonObject:
    """The JSON object in a body.

    Raises:
        InvalidRequestError: it is none.
    """
    try:
        request = json.loads(body)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise InvalidRequestError("Required body invalid, please check the request body format.")
    return request


def card_of(name: object) -> ModelCard:
    """The card of the model that a request names.

    Raises:
        InvalidRequestError: it names none.
        ModelNotFoundError: the catalogue does not know it.
    """
    if not isinstance(name, str) or not name:
        raise InvalidRequestError("you must provide a model parameter")
    try:
        return model_card(name)
    except UnknownModelError:
        raise ModelNotFoundError(name) from None


def max_tokens(value: object, card: ModelCard) -> int:
    """The most tokens that the answer may have; the model's own limit if the request names none.

    Raises:
        InvalidRequestError: not a number within that limit.
    """
    most = card.limits.max_output_tokens
    if value is None:
        return most
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidRequestError(f"Range of max_tokens should be [1, {most}]")
    return value


def resolves_uploads(headers: Headers) -> bool:
    """Whether the request lets `oss://` addresses be read."""
    return headers.get("x-dashscope-ossresourceresolve", "").lower() == "enable"
