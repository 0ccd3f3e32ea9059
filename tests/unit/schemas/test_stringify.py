"""JSON that a program in JavaScript can parse, write again, and still verify."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionfleet_schemas import CaptionEvent, CaptionResult
from captionfleet_schemas.stringify import stringify
from tests.contract.golden_files import golden


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6.0, "6"),
        (-6.0, "-6"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1.5e-6, "0.0000015"),
        (-1.5e-7, "-1.5e-7"),
        (1e-7, "1e-7"),
        (1e16, "10000000000000000"),
        (1.2345678901234567e20, "123456789012345670000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (math.nan, "null"),
        (math.inf, "null"),
        (2**53, "9007199254740992"),
        (True, "true"),
        (None, "null"),
        ("é\u2028\x7f\x01\n/", '"é\u2028\x7f\\u0001\\n/"'),
        ("\ud800", '"\\ud800"'),
        ({"b": 1, "10": 2, "2": [3.0], "01": {}}, '{"2":[3],"10":2,"b":1,"01":{}}'),
    ],
)
def test_written_as_javascript_writes_it(value: Any, text: str) -> None:
    """ECMA-262: numbers without a needless point, array indexes first, and nothing escaped that need not be."""
    assert stringify(value) == text


def test_what_json_does_not_have_is_refused() -> None:
    """A value that slipped through is a fault, and never becomes its representation."""
    with pytest.raises(TypeError, match="set is nothing"):
        stringify({"a": {1}})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_float_changes(value: float) -> None:
    """Whoever reads it has the very number."""
    assert float(stringify(value)) == value


def test_events_have_no_needless_point() -> None:
    """The body of a webhook, which is also the event on the broker: the golden one, whole seconds and all."""
    event = CaptionEvent.of(CaptionResult.decode(golden("caption-result.succeeded")))

    written = event.encode().decode()

    assert '"fit":0,' in written
    assert written == stringify(json.loads(written))
    assert ".0," not in written
    assert ".0}" not in written
