"""The package's public names."""

import inspect

import captionfleet_schemas
from captionfleet_schemas import FailureCode, SchemaError, failures


def test_every_public_name_is_there_and_no_other() -> None:
    """`__all__` is sorted, complete and importable."""
    public = {
        name
        for name, value in vars(captionfleet_schemas).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert set(captionfleet_schemas.__all__) == public
    assert len(captionfleet_schemas.__all__) == len(public)


def test_every_error_is_public_and_in_the_drawing() -> None:
    """The tree on top of the module shows all that the schemas raise."""
    found = [error for error in vars(failures).values() if inspect.isclass(error) and issubclass(error, SchemaError)]

    assert {error.__name__ for error in found} <= set(captionfleet_schemas.__all__)
    assert all(error.__name__ in str(failures.__doc__) for error in found)


def test_codes_are_written_as_they_are_named() -> None:
    """Lower-case, so that a code on the wire can be searched for in the code."""
    assert [code.value for code in FailureCode] == [code.name.lower() for code in FailureCode]
