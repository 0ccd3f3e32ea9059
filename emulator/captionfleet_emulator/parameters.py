"""What a request may ask of the model besides its audio: ranges and types, as the service documents them.

Source: the "Chat completions" and "DashScope" API references and the page "Error messages" of the Qwen Cloud
documentation. `null` is taken as left out. What they list for other models alone, such as tools, is refused here.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from captionfleet_emulator.errors import InvalidRequestError
from captionfleet_schemas.catalogue import ModelCard

Check = Callable[[Any], bool]

NOT_SUPPORTED = "The model `{model}` does not support the parameter {name}."


def _number(low: float, high: float, *, above: bool = False, below: bool = False) -> Check:
    """A number between two, which belong to it unless it has to lie `above` or `below` them."""

    def check(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return False
        return (low < value if above else low <= value) and (value < high if below else value <= high)

    return check


def _integer(low: int, high: float) -> Check:
    within = _number(low, high)
    return lambda value: isinstance(value, int) and within(value)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_stop(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(one, str | int | list) for one in value)
    )


def _is_plain_text(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") == "text"


def _has_text(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(one in ("text", "audio") for one in value)


def _is_options(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_bool(one) for one in value.values())


_SAMPLING: dict[str, tuple[Check, str]] = {
    "temperature": (_number(0, 2, below=True), "'temperature' must be in the range [0.0, 2.0)"),
    "top_p": (_number(0, 1, above=True), "Range of top_p should be (0.0, 1.0]"),
    "top_k": (_integer(0, math.inf), "Parameter top_k be greater than or equal to 0"),
    "presence_penalty": (_number(-2, 2), "Presence_penalty should be in [-2.0, 2.0]"),
    "repetition_penalty": (_number(0, math.inf, above=True), "Repetition_penalty should be greater than 0.0"),
    "stop": (_is_stop, "'stop' must be a string or a list of strings"),
}

COMPATIBLE: Mapping[str, tuple[Check, str]] = {
    **_SAMPLING,
    "frequency_penalty": (_number(-2, 2), "Frequency_penalty should be in [-2.0, 2.0]"),
    "seed": (_integer(0, 2**31 - 1), "Range of seed should be [0, 2147483647]"),
    "n": (_integer(1, 1), "Range of n should be [1, 1]"),
    "max_completion_tokens": (_integer(1, math.inf), "max_completion_tokens should be greater than 0"),
    "stream": (_is_bool, "'stream' must be a boolean"),
    "stream_options": (_is_options, "'stream_options' must be an object of booleans"),
    "modalities": (_has_text, "'modalities' must be a list of 'text' and 'audio'"),
    "response_format": (_is_plain_text, "'response_format' of this model can only be {'type': 'text'}"),
    "logprobs": (lambda value: value is False, "This model does not support logprobs"),
    "top_logprobs": (_integer(0, 0), "This model does not support top_logprobs"),
}
"""What each field of the OpenAI-compatible API may be, and what is said of anything else."""

NATIVE: Mapping[str, tuple[Check, str]] = {
    **_SAMPLING,
    "seed": (_integer(0, 2**63 - 1), "Range of seed should be [0, 9223372036854775807]"),
    "n": (_integer(1, 1), "Range of n should be [1, 1]"),
    "incremental_output": (_is_bool, "'incremental_output' must be a boolean"),
    "result_format": (lambda value: value in ("message", "text"), "result_format should be 'message' or 'text'"),
    "response_format": COMPATIBLE["response_format"],
    "logprobs": COMPATIBLE["logprobs"],
    "top_logprobs": COMPATIBLE["top_logprobs"],
}
"""Likewise of the native API's `parameters`."""

UNSUPPORTED = ("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call")
"""What asks for calls of tools, which no model here makes."""


def check_parameters(given: Mapping[str, Any], known: Mapping[str, tuple[Check, str]], card: ModelCard) -> None:
    """Pass if a request asks for nothing that the model does not do. Fields that nobody knows are passed over.

    Raises:
        InvalidRequestError: a field is out of its range, of another type, or asks for tools.
    """
    for name in UNSUPPORTED:
        if given.get(name) is not None:
            raise InvalidRequestError(
                f"<400> InternalError.Algo.InvalidParameter: {NOT_SUPPORTED.format(model=card.name, name=name)}"
            )
    for name, (is_allowed, sentence) in known.items():
        if given.get(name) is not None and not is_allowed(given[name]):
            raise InvalidRequestError(f"<400> InternalError.Algo.InvalidParameter: {sentence}")
