"""One webhook: what is sent, and what becomes of what comes back."""

import time
from collections.abc import Callable, Iterator

import httpx2
import pytest
from standardwebhooks import Webhook

from captionfleet_workers.outbound import AddressPolicy
from captionfleet_workers.outbound.addresses import ForbiddenAddressError
from captionfleet_workers.outbound.clients import guarded_client
from captionfleet_workers.webhooks.schedule import Outcome
from captionfleet_workers.webhooks.sender import ANSWER_CHARS, Sender

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEWER = "whsec_bmV3ZXIgc2VjcmV0IG9mIHRoaXMgdGVzdA=="
HOOK = "https://example.com/hook"
BODY = '{"caption": "Ein Käuzchen ruft."}'.encode()
AT = 1_795_435_200.75

Answer = Callable[[httpx2.Request], httpx2.Response]


class Receiver:
    """The other side, as a transport: keeps what arrives and answers as told."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[httpx2.Request] = []
        self._answer = answer

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Take a request."""
        request.read()
        self.requests.append(request)
        return self._answer(request)

    def sender(self, *secrets: str, clock: Callable[[], float] = lambda: AT) -> Sender:
        """A sender whose requests arrive here."""
        client = httpx2.Client(transport=httpx2.MockTransport(self), follow_redirects=False)
        return Sender(client, secrets or (SECRET,), 15.0, clock=clock)


def answering(status: int = 204, text: str = "", **headers: str) -> Receiver:
    """A receiver that always answers the same; a header's underscores stand for dashes."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Receiver(lambda _: httpx2.Response(status, content=iter([text.encode()]), headers=sent))


def raising(error: Exception) -> Receiver:
    """A receiver that cannot be reached."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        raise error

    return Receiver(answer)


def test_request_is_a_signed_post_of_the_very_bytes() -> None:
    """Headers of Standard Webhooks, the event's bytes as the body, and nothing that names a secret."""
    receiver = answering()

    receiver.sender().send(HOOK, "evt_1", BODY)

    (request,) = receiver.requests
    assert (request.method, str(request.url), request.content) == ("POST", HOOK, BODY)
    assert request.headers["webhook-id"] == "evt_1"
    assert request.headers["webhook-timestamp"] == "1795435200"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "captionfleet"
    assert SECRET.removeprefix("whsec_") not in repr(request.headers)


def test_the_operator_chooses_the_content_type() -> None:
    """What CloudEvents asks of a body with the whole event in it; nothing else of the request changes."""
    receiver = answering()
    client = httpx2.Client(transport=httpx2.MockTransport(receiver))

    Sender(client, (SECRET,), 15.0, content_type="application/cloudevents+json").send(HOOK, "evt_1", BODY)

    (request,) = receiver.requests
    assert request.headers.get_list("content-type") == ["application/cloudevents+json"]
    assert request.content == BODY


@pytest.mark.parametrize("known", [SECRET, NEWER])
def test_official_library_verifies_the_delivery(known: str) -> None:
    """During a rotation with the old secret as well as with the new one."""
    receiver = answering()

    receiver.sender(NEWER, SECRET, clock=time.time).send(HOOK, "evt_1", BODY)

    (request,) = receiver.requests
    assert Webhook(known).verify(request.content, dict(request.headers)) == {"caption": "Ein Käuzchen ruft."}


def test_id_stays_and_time_moves() -> None:
    """Each attempt is signed anew; by its id a receiver knows that it is the same event."""
    times = iter([AT, AT, AT + 300, AT + 300])
    receiver = answering(503)
    sender = receiver.sender(clock=lambda: next(times))

    for _ in range(2):
        sender.send(HOOK, "evt_1", BODY)

    first, second = (request.headers for request in receiver.requests)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 300
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize("status", [200, 204, 302, 400, 410, 500])
def test_any_answer_is_an_outcome(status: int) -> None:
    """The status decides later; here it is only told, with the beginning of what was said."""
    outcome, said = answering(status, "Thanks.").sender().send(HOOK, "evt_1", BODY)

    assert (outcome, said) == (Outcome(status), "Thanks.")


def test_redirect_is_not_followed() -> None:
    """It could lead to where the operator allows nothing."""
    receiver = answering(307, location="https://example.net/elsewhere")

    outcome, _ = receiver.sender().send(HOOK, "evt_1", BODY)

    assert outcome == Outcome(307)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Mon, 23 Nov 2026 12:10:00 GMT", 599.25),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_by_the_senders_clock(header: str, seconds: float | None) -> None:
    """As a number of seconds or as a date; what makes no sense is no wish."""
    outcome, _ = answering(429, retry_after=header).sender().send(HOOK, "evt_1", BODY)

    assert outcome == Outcome(429, seconds)


def test_long_answers_are_cut() -> None:
    """A receiver cannot fill the record."""
    _, said = answering(500, "é" * 10_000).sender().send(HOOK, "evt_1", BODY)

    assert said == "é" * ANSWER_CHARS


def test_no_more_than_the_beginning_of_an_answer_is_read() -> None:
    """A receiver that never stops talking has answered all the same."""
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b"x" * 1000

    receiver = Receiver(lambda _: httpx2.Response(200, content=endless()))

    outcome, said = receiver.sender().send(HOOK, "evt_1", BODY)

    assert (outcome.status, said) == (200, "x" * ANSWER_CHARS)
    assert len(taken) == 1


def test_answer_that_is_no_text_is_kept_readable() -> None:
    """Bytes of another encoding do not break the record."""
    receiver = Receiver(lambda _: httpx2.Response(200, content=iter([b"caf\xe9"])))

    outcome, said = receiver.sender().send(HOOK, "evt_1", BODY)

    assert (outcome, said) == (Outcome(200), "caf\ufffd")


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectTimeout("too slow"),
        httpx2.ReadTimeout("too slow"),
        httpx2.ConnectError("no such host"),
        httpx2.RemoteProtocolError("not HTTP"),
        ForbiddenAddressError("a name leads to 10.0.0.1", by_name=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_an_outcome_too(error: Exception) -> None:
    """Nothing that happens on the way is an error of the worker; the record says what it was."""
    outcome, said = raising(error).sender().send(HOOK, "evt_1", BODY)

    assert (outcome, said) == (Outcome(None), f"{type(error).__name__}: {error}")


@pytest.mark.parametrize("url", ["http://[::1", "https://\u00ad/", f"https://{'a' * 64}.invalid/", "http://10.0.0.1/"])
def test_awkward_addresses_are_outcomes(url: str) -> None:
    """An address that a job could bring, through the client that workers use; nothing is looked up elsewhere."""
    with guarded_client(AddressPolicy(allow_http=True)) as client:
        outcome, said = Sender(client, [SECRET], 5.0).send(url, "evt_1", BODY)

    assert outcome == Outcome(None, is_forbidden=outcome.is_forbidden)
    assert said


@pytest.mark.parametrize("secrets", [[], ["whsec_???"], ["whsec_é"], ["plain"]])
def test_without_a_good_secret_nothing_is_sent(secrets: list[str]) -> None:
    """An unsigned delivery would teach receivers to accept such; the reason does not repeat what was configured."""
    receiver = answering()
    client = httpx2.Client(transport=httpx2.MockTransport(receiver))

    outcome, said = Sender(client, secrets, 15.0).send(HOOK, "evt_1", BODY)

    assert (outcome, receiver.requests) == (Outcome(None), [])
    assert said.startswith("SignatureError: ")
    assert not any(secret in said for secret in secrets)
