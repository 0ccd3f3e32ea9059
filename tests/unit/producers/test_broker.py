"""How the broker is spoken to."""

import ssl

import pytest

from captionfleet_producers.broker import connection_to
from captionfleet_schemas.broker import transport_options


def test_a_certificate_is_checked(caplog: pytest.LogCaptureFixture) -> None:
    """Kombu would take any certificate for `rediss://`."""
    connection = connection_to("rediss://broker/0", 1, redis={})

    assert connection.ssl == {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    assert "insecure" not in caplog.text


def test_an_authority_of_ones_own_can_be_named() -> None:
    """In the address, where operators look for it."""
    connection = connection_to("rediss://broker/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required", 1, redis={})

    assert connection.ssl == {"ssl_ca_certs": "/etc/ca.pem", "ssl_cert_reqs": ssl.CERT_REQUIRED}


@pytest.mark.parametrize("url", ["redis://broker/0", "amqp://broker//"])
def test_the_options_are_those_of_the_fleet(url: str) -> None:
    """What differs is for Redis alone: other transports would not know it."""
    connection = connection_to(url, 1, redis={"socket_timeout": 1})

    changed = {"socket_timeout": 1} if url.startswith("redis") else {}
    assert connection.transport_options == transport_options(url) | changed
