"""What the clients for audio, webhooks and the model have in common and where they differ."""

from collections.abc import Callable

import httpx2
import pytest

from captionfleet_workers.outbound import AddressPolicy, deadline, guarded_client, model_http_client, tls_context
from captionfleet_workers.outbound.addresses import ForbiddenAddressError
from captionfleet_workers.outbound.clients import DEFAULT_TIMEOUT
from tests.functional.media.conftest import LOOPBACK
from tests.origins import body, dripping, redirect, serving, status
from tests.servers import free_port

MakeClient = Callable[[], httpx2.Client]


def guarded() -> httpx2.Client:
    return guarded_client(LOOPBACK)


def to_model() -> httpx2.Client:
    return model_http_client(tls_context(), DEFAULT_TIMEOUT)


@pytest.mark.parametrize("make", [guarded, to_model])
def test_proxies_of_the_environment_are_not_used(make: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect to addresses that nobody checked, and see the model's key."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    with make() as client, serving({"/": body(b"direct")}) as site:
        answer = client.get(site.url())

    assert answer.content == b"direct"


@pytest.mark.parametrize("make", [guarded, to_model])
def test_redirects_are_not_followed(make: MakeClient) -> None:
    """Whoever follows one checks it first."""
    with make() as client, serving({"/": redirect("/elsewhere")}) as site:
        answer = client.get(site.url())

    assert answer.status_code == 302
    assert site.paths == ["/"]


@pytest.mark.parametrize("make", [guarded, to_model])
def test_connection_is_kept(make: MakeClient) -> None:
    """Calls of one thread to one host share a connection."""
    with make() as client, serving({"/": body(b"x"), "/b": status(503)}) as site:
        for path in ("/", "/b", "/"):
            client.get(site.url(path))

    assert len({request.peer for request in site.seen}) == 1


def test_webhooks_are_guarded_too() -> None:
    """The guard is in the client: there is no way to forget it."""
    with guarded_client(AddressPolicy(allow_http=True)) as client, pytest.raises(ForbiddenAddressError):
        client.post("http://127.0.0.1:9/hook", content=b"{}")


def test_deadline_covers_several_requests() -> None:
    """A byte now and then does not prolong what is allowed for all of it."""
    with guarded() as client, serving({"/": body(b"x"), "/slow": dripping(b"")}) as site:
        with deadline(0.3):
            client.get(site.url())

            with pytest.raises(httpx2.ReadTimeout):
                client.get(site.url("/slow"))

        assert client.get(site.url()).content == b"x"
