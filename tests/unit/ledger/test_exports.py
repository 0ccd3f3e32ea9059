"""What the package shows."""

import captionfleet_ledger


def test_all_is_there_once() -> None:
    """Every public name exists once."""
    names = captionfleet_ledger.__all__

    assert len(names) == len(set(names))
    assert all(hasattr(captionfleet_ledger, name) for name in names)
