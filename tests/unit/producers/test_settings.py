"""Settings come from the environment and from files that it names."""

from pathlib import Path

import pytest

from captionfleet_producers import InvalidSettingsError, ProducerSettings


def test_a_secret_can_be_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`CAPTIONFLEET_BROKER_URL_FILE` names a mounted secret, which is shown nowhere."""
    secret = tmp_path / "broker"
    secret.write_text("redis://:hunter2@broker/3\n")
    monkeypatch.setenv("CAPTIONFLEET_BROKER_URL_FILE", str(secret))
    monkeypatch.setenv("CAPTIONFLEET_TENANT", "radio")

    settings = ProducerSettings.from_env()

    assert settings.broker_url.get_secret_value() == "redis://:hunter2@broker/3"
    assert settings.tenant == "radio"
    assert "hunter2" not in repr(settings)


def test_a_value_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable as the user spells it."""
    monkeypatch.setenv("CAPTIONFLEET_SEND_TIMEOUT", "-1")

    with pytest.raises(InvalidSettingsError, match="CAPTIONFLEET_SEND_TIMEOUT: Input should be greater than 0"):
        ProducerSettings.from_env()


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `*_FILE` that is not there is an error of the settings, not a traceback."""
    monkeypatch.setenv("CAPTIONFLEET_REDIS_URL_FILE", "/nowhere/redis")

    with pytest.raises(InvalidSettingsError, match="/nowhere/redis"):
        ProducerSettings.from_env()
