from collections.abc import Generator

import pytest

from tests.functional.emulator.origin import Origin, running_origin
from tests.functional.emulator.process import AUDIO, Emulator, running_emulator


@pytest.fixture(scope="session")
def shared_emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """One process for all tests that need no settings of their own."""
    with running_emulator(tmp_path_factory.mktemp("emulator"), "--fetch-timeout", "1") as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Emulator:
    """The shared emulator without faults and with an empty request log."""
    shared_emulator.reset()
    return shared_emulator


@pytest.fixture(scope="session")
def origin() -> Generator[Origin]:
    """A server of audio."""
    with running_origin(AUDIO) as origin:
        yield origin
