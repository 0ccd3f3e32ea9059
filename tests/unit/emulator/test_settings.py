import pytest
from pydantic import ValidationError

from captionfleet_emulator.errors import InvalidApiKeyError
from captionfleet_emulator.keys import Keys
from captionfleet_emulator.settings import EmulatorSettings


def test_defaults() -> None:
    """Without settings the emulator listens on loopback, at once and to everybody."""
    settings = EmulatorSettings()

    assert (settings.host, settings.port, settings.latency, settings.api_keys) == ("127.0.0.1", 8900, 0.0, ())


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the environment; keys are a list and do not show."""
    monkeypatch.setenv("CAPTIONFLEET_EMULATOR_PORT", "0")
    monkeypatch.setenv("CAPTIONFLEET_EMULATOR_API_KEYS", "sk-1, sk-2")

    settings = EmulatorSettings()

    assert settings.port == 0
    assert [key.get_secret_value() for key in settings.api_keys] == ["sk-1", "sk-2"]
    assert "sk-1" not in repr(settings)


def test_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be meant is refused at the start."""
    monkeypatch.setenv("CAPTIONFLEET_EMULATOR_LATENCY", "-1")

    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        EmulatorSettings()


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic one", "Bearer three", "Bearer ünë"])
def test_refused_keys(authorization: str | None) -> None:
    """Everything but a known key in the documented header is refused."""
    with pytest.raises(InvalidApiKeyError):
        Keys(["sk-1", "sk-2"]).check(authorization)


def test_any_key() -> None:
    """Without a list every key is taken that is not blank."""
    keys = Keys([])

    keys.check("Bearer anything")
    with pytest.raises(InvalidApiKeyError):
        keys.check("Bearer  ")
