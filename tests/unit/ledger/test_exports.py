"""What the package shows."""

import captionfleet_ledger


def test_all_is_sorted_and_there() -> None:
    """Every public name exists once."""
    names = captionfleet_ledger.__all__

    assert names == sorted(set(names))
    assert all(hasattr(captionfleet_ledger, name) for name in names)
