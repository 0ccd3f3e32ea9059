"""The dialect of a self-hosted server, against the framings, labels and errors that such servers and gateways have."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from captionfleet_schemas import Route
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.port import AudioFile, AudioUpload, ModelRequest
from captionfleet_workers.model.vllm_dialect import VllmDialect
from tests.functional.model.conftest import REQUEST
from tests.model_server import DONE, USAGE_EVENT, ModelServer, Scripted, captioned, delta, event, streamed
from tests.server_examples import BEHIND, EXAMPLES, INNER, ServerExample

STREAM = replace(REQUEST, stream=True)
EVENT_STREAM = {"Content-Type": "text/event-stream; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
WHOLE = captioned("A knock.").body
PARTS = delta("A kn") + delta("ock.") + delta("", finish="stop") + USAGE_EVENT + DONE
OPENING = event({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})


@pytest.fixture
def dialect(server: ModelServer, http_client_factory: Callable[[], httpx2.Client]) -> Iterator[VllmDialect]:
    """At the server, whose fetches are guarded."""
    dialect = VllmDialect(base_url=f"{server.origin}/v1", api_key="x", http_client_factory=http_client_factory)
    yield dialect
    dialect.close()


def said(dialect: VllmDialect, request: ModelRequest = STREAM) -> tuple[str, list[str]]:
    """The caption of one call, and its pieces."""
    pieces: list[str] = []
    return dialect.call(request, on_piece=pieces.append, cancelled=lambda: False).caption, pieces


def failure(dialect: VllmDialect, request: ModelRequest = STREAM) -> ModelCallError:
    """The error of one call."""
    with pytest.raises(ModelCallError) as caught:
        said(dialect, request)
    return caught.value


@pytest.mark.parametrize(
    ("headers", "body", "pieces"),
    [
        (JSON, WHOLE, ["A knock."]),
        (EVENT_STREAM, WHOLE, ["A knock."]),
        (EVENT_STREAM, b"\xef\xbb\xbf\r\n " + WHOLE, ["A knock."]),
        ({}, WHOLE, ["A knock."]),
        (EVENT_STREAM, PARTS, ["A kn", "ock."]),
        ({"Content-Type": "Text/Event-Stream"}, PARTS, ["A kn", "ock."]),
        (JSON, PARTS, ["A kn", "ock."]),
        ({}, b": hello\n\n" + PARTS, ["A kn", "ock."]),
        ({"Content-Type": "text/plain"}, b"\n\nid: 1\n" + PARTS, ["A kn", "ock."]),
        (EVENT_STREAM, PARTS.replace(b"\n", b"\r"), ["A kn", "ock."]),
        (EVENT_STREAM, b"\xef\xbb\xbf" + PARTS.replace(b"\n", b"\r\n"), ["A kn", "ock."]),
        (EVENT_STREAM, PARTS.replace(b"\n\n", b"\n"), ["A kn", "ock."]),
        (EVENT_STREAM, PARTS.replace(b", ", b",\ndata: "), ["A kn", "ock."]),
        (EVENT_STREAM, PARTS.removesuffix(b"\n\n"), ["A kn", "ock."]),
        (EVENT_STREAM, PARTS.replace(b"\n\n", b"\n\ndata:\n\n: ping\n\n"), ["A kn", "ock."]),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("request_", [STREAM, REQUEST], ids=["stream", "plain"])
def test_any_framing_and_label_is_read(  # noqa: PLR0913, PLR0917  all that an answer differs in
    headers: dict[str, str],
    body: bytes,
    pieces: list[str],
    size: int,
    request_: ModelRequest,
    server: ModelServer,
    dialect: VllmDialect,
) -> None:
    """A stream or a whole, whatever was asked for; who listens to pieces gets what there is."""
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    server.answer(Scripted(headers=headers, pieces=chunks))

    assert said(dialect, request_) == ("A knock.", pieces)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_error_is_judged_alike_wherever_it_stands(
    example: ServerExample, server: ModelServer, dialect: VllmDialect
) -> None:
    """As an answer of its status; and, where it says its kind, under 200, and inside a stream that has begun."""
    server.answer(Scripted(status=example.status, body=example.body, headers=JSON))

    problem = failure(dialect)

    assert problem.row.reason == example.reason
    assert INNER not in f"{problem.told} {problem.told_code} {problem.request_id}"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (400, "unlisted_client_error"),
        ("401", "unlisted_denial"),
        (429, "unlisted_limit"),
        (500, "unlisted_server_error"),
    ],
)
@pytest.mark.parametrize("shape", ["under", "flat", "event", "field", "bare"])
def test_code_judges_an_error_under_200(
    shape: str, code: int | str, reason: str, server: ModelServer, dialect: VllmDialect
) -> None:
    """Its own answer says that all is well; the code inside says what is not."""
    error = {"message": "never seen", "type": "Novelty", "param": None, "code": code}
    data = json.dumps({"error": error}).encode()
    flat = json.dumps({"object": "error", **error}).encode()
    server.answer(
        {
            "under": Scripted(body=data, headers=JSON),
            "flat": Scripted(body=flat, headers=JSON),
            "event": streamed(OPENING, b"event: error\ndata: " + data + b"\n\n", DONE),
            "field": streamed(OPENING, b"error: " + data + b"\n\n", DONE),
            "bare": streamed(OPENING, delta("A kn"), b"data: " + flat + b"\n\n", DONE),
        }[shape]
    )

    assert failure(dialect).row.reason == reason


@pytest.mark.parametrize(
    ("scripted", "reason"),
    [
        (streamed(OPENING, delta("A kn"), b'data: {"choi'), "cut_stream"),
        (streamed(OPENING, delta("A kn", finish="abort"), DONE), "cut_stream"),
        (captioned("A kn", finish="error"), "cut_stream"),
        (captioned(BEHIND), "address_not_fetched"),
        (captioned(f"<!DOCTYPE html><p>{INNER} is down</p>"), "unlisted"),
        (streamed(OPENING, b"data: <html>\n\n"), "unreadable_answer"),
        (Scripted(body=b"<html>Sign in</html>", headers={"Content-Type": "text/html"}), "unreadable_answer"),
        (Scripted(body=b'{"object":"error","message":"never seen"}', headers=JSON), "unlisted"),
        (Scripted(body=b'{"detail":"never seen"}', headers=JSON), "unlisted"),
    ],
)
def test_what_is_no_caption_is_none(scripted: Scripted, reason: str, server: ModelServer, dialect: VllmDialect) -> None:
    """Half of one, a page, an error without a code, or in the caption's place; nobody hears it as a piece."""
    server.answer(scripted)
    pieces: list[str] = []

    with pytest.raises(ModelCallError) as caught:
        dialect.call(STREAM, on_piece=pieces.append, cancelled=lambda: False)

    assert caught.value.row.reason == reason
    assert INNER not in "".join(pieces)


def test_error_beside_choices_is_an_error_only_if_it_says_something(server: ModelServer, dialect: VllmDialect) -> None:
    """Some gateways always have the field."""
    body = {**json.loads(WHOLE), "error": {}}
    server.answer(Scripted(body=json.dumps(body).encode(), headers=JSON))

    assert said(dialect)[0] == "A knock."


def test_text_may_come_in_parts(server: ModelServer, dialect: VllmDialect) -> None:
    """As a request's does."""
    body: Any = json.loads(WHOLE)
    body["choices"][0]["message"]["content"] = [{"type": "text", "text": "A kn"}, {"type": "text", "text": "ock."}]
    server.answer(Scripted(body=json.dumps(body).encode(), headers=JSON))

    assert said(dialect)[0] == "A knock."


def test_ids_and_reasons_that_are_none_are_left_out(server: ModelServer, dialect: VllmDialect) -> None:
    """A result repeats names, and no words."""
    body: Any = json.loads(WHOLE) | {"id": f"http://{INNER}/1"}
    body["choices"][0]["finish_reason"] = f"stop at {INNER}"
    headers = JSON | {"x-request-id": f"{INNER}:8000"}
    server.answer(Scripted(body=json.dumps(body).encode(), headers=headers))

    answer = dialect.call(REQUEST, cancelled=lambda: False)

    assert (answer.request_id, answer.finish_reason) == (None, None)


def test_unguarded_server_is_told_no_address_at_all(
    server: ModelServer, http_client_factory: Callable[[], httpx2.Client], tmp_path: Path
) -> None:
    """Whatever has been planned: a call with one is not made, and the job goes another way."""
    unguarded = VllmDialect(
        base_url=f"{server.origin}/v1", api_key="x", http_client_factory=http_client_factory, takes_addresses=False
    )
    audio = tmp_path / "audio"
    audio.write_bytes(b"RIFF")
    server.answer(captioned("A knock."))

    refused = [
        failure(unguarded, request) for request in (REQUEST, replace(REQUEST, audio=AudioUpload("oss://bucket/a.wav")))
    ]
    caption, _ = said(unguarded, replace(REQUEST, audio=AudioFile(audio, 4)))
    unguarded.close()

    assert [problem.row.reason for problem in refused] == ["no_address", "no_address"]
    assert [problem.route for problem in refused] == [Route.URL, Route.UPLOAD]
    assert caption == "A knock."
    assert len(server.recorded) == 1
