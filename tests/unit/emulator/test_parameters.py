"""What a request may ask of the model besides its audio."""

import math
from typing import Any

import pytest

from captionfleet_emulator.errors import InvalidRequestError
from captionfleet_emulator.parameters import COMPATIBLE, NATIVE, UNSUPPORTED, check_parameters
from captionfleet_schemas.catalogue import CAPTIONER, MODELS

CARD = MODELS[CAPTIONER]

ALLOWED: dict[str, list[Any]] = {
    "temperature": [0, 0.0, 1.99],
    "top_p": [0.01, 1],
    "top_k": [0, 20, 1000],
    "presence_penalty": [-2, 0.5, 2.0],
    "repetition_penalty": [0.1, 1.05],
    "seed": [0, 2**31 - 1],
    "n": [1],
    "stop": ["a", ["a", "b"]],
    "response_format": [{"type": "text"}],
    "logprobs": [False],
}
REFUSED: dict[str, list[Any]] = {
    "temperature": [2, 3, -0.1, "1", True, math.nan, [1]],
    "top_p": [0, 1.01, -1, "0.5"],
    "top_k": [-1, 1.5, "20"],
    "presence_penalty": [-2.1, 3, "0"],
    "repetition_penalty": [0, -1, math.inf],
    "seed": [-1, 1.5, "7", 2**63, False],
    "n": [0, 2, 5, "1"],
    "stop": [1, {"a": 1}],
    "response_format": [{"type": "json_object"}, {"type": "json_schema", "json_schema": {}}, "text"],
    "logprobs": [True, 1.5],
    "top_logprobs": [1, 5],
}


@pytest.mark.parametrize("known", [COMPATIBLE, NATIVE], ids=["compatible", "native"])
def test_ranges_hold_in_both_apis(known: Any) -> None:
    """Their ends belong to them or not, as documented; null is as good as nothing."""
    for name, values in ALLOWED.items():
        for value in (*values, None):
            check_parameters({name: value}, known, CARD)
    for name, values in REFUSED.items():
        for value in values:
            with pytest.raises(InvalidRequestError) as refused:
                check_parameters({name: value}, known, CARD)
            assert refused.value.status == 400, (name, value)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_tools_are_refused_by_name(name: str) -> None:
    """In either way in which clients ask for them."""
    with pytest.raises(InvalidRequestError, match=name):
        check_parameters({name: [{"type": "function"}]}, COMPATIBLE, CARD)


def test_what_nobody_knows_is_passed_over() -> None:
    """As the service does with `user` and fields of other vendors."""
    check_parameters({"user": "me", "metadata": {"a": 1}}, COMPATIBLE, CARD)
