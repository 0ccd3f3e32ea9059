"""The ways in which `make fuzz ARGS="--messages 20000"` breaks messages."""

from random import Random

import pytest

from tests.foreign import Foreign
from tests.fuzz.foreign import MUTATIONS, Mutation, broken

MESSAGE = Foreign(body=b'[[], {"job_id": "a", "job": {"audio": {"url": "data:,"}}}, {}]')


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_mutation_repeats_itself(mutation: Mutation) -> None:
    """The same random numbers break a message in the same way, and none is too short to be broken."""
    once, again = (mutation(MESSAGE, Random(3)) for _ in range(2))

    assert once == again
    assert isinstance(mutation(Foreign(), Random(3)), Foreign)


def test_messages_are_broken_in_many_ways() -> None:
    """Another number makes another message, for each broker."""
    made = {str(broken(MESSAGE, Random(seed), is_redis=False)) for seed in range(60)}

    assert len(made) > 40
