import os

import pytest


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that the tests run on reaches a setting."""
    for name in [*os.environ]:
        if name.startswith("CAPTIONFLEET_") or name == "DASHSCOPE_API_KEY":
            monkeypatch.delenv(name)
