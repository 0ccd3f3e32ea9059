"""The short form of `make fuzz`."""

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.mutate import MUTATIONS, Mutation, broken
from tests.fuzz.run import Balance, left_behind, run
from tests.fuzz.seeds import seeds

FILES = 200


def test_broken_files_end_in_verdicts(tmp_path: Path) -> None:
    """Whatever is wrong with a file, the worker gets a verdict in time, and neither child nor file stays."""
    folder = tmp_path / "spool"
    folder.mkdir()
    balance = Balance()

    for balance in run(folder, seeds(tmp_path), seed=4, files=FILES, seconds=60.0):
        assert not balance.hangs

    assert balance.unexpected == []
    assert balance.files == balance.verdicts.total()
    assert balance.verdicts["readable"] > 0
    assert balance.verdicts["audio_damaged"] + balance.verdicts["audio_unsupported"] > 0
    assert left_behind() == []
    assert not list(folder.iterdir())


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_mutation_breaks_and_repeats_itself(mutation: Mutation) -> None:
    """The same random numbers break a file in the same way, and no file is too short to be broken."""
    original = bytes(range(256)) * 8

    once, again = (mutation(bytearray(original), Random(3), [b"other"]) for _ in range(2))

    assert once == again != original
    assert isinstance(mutation(bytearray(1), Random(3), [b""]), bytearray)


def test_number_and_seed_make_the_file() -> None:
    """A file that did harm can be made again."""
    made = {seed: broken(b"RIFF" * 100, Random(seed), [b"other"]) for seed in range(20)}

    assert all(broken(b"RIFF" * 100, Random(seed), [b"other"]) == content for seed, content in made.items())
    assert len(set(made.values())) > 15
