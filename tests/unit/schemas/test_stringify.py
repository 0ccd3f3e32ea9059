"""JSON that a program in JavaScript can parse, write again, and still verify."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from captionfleet_schemas import CaptionEvent, CaptionResult
from captionfleet_schemas.stringify import rewrite, stringify
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


_NAMES = st.text() | st.integers(0, 20).map(str)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9).map(float)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _FLOATS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner),
)


@given(st.dictionaries(_NAMES, _JSON))
def test_what_another_serialiser_wrote(value: dict[str, Any]) -> None:
    """It becomes the same text as if it had been written here."""
    written = to_json(value).decode()

    assert rewrite(written) == stringify(json.loads(written))


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"1.0,","b":[6.0,-0.0,1e-7],"c":-2.0}',
        r'{"a\\":2.0}',
        r'{"a":"\"b\":1.0,","b":3.0}',
        '{"a":"1e5,","b":12.0}',
        '{"10":1,"2":5}',
    ],
)
def test_only_numbers_change(text: str) -> None:
    """What looks like a number inside text stays."""
    assert rewrite(text) == stringify(json.loads(text))


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
