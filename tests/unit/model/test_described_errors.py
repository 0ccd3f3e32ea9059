"""What the model says about an error, as it may be told."""

import pytest

from captionfleet_workers.model.catalogue import ErrorReport
from captionfleet_workers.model.errors import describe


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Failed to download https://b.example/a.wav?X-Amz-Signature=5ec2e7", "https://b.example/a.wav?…"),
        ("Failed: 'https://b.example/a?sig=5ec2e7' timed out", "'https://b.example/a?…' timed out"),
        ("http://b.example?sig=5ec2e7, retry", "http://b.example?… retry"),
        ("Incorrect API key provided: sk-5ec2e7", "sk-…"),
    ],
)
def test_secrets_are_not_repeated(said: str, told: str) -> None:
    """A service may quote the key or the signed URL that it was given."""
    text = describe(ErrorReport(status=400, code="InvalidParameter", message=said))

    assert told in text
    assert "5ec2e7" not in text
