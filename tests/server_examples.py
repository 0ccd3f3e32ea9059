"""What servers of one's own really send when a call fails: bodies with the product and version they were seen in.

Versions are releases where one was named, else commits of the source (`server_texts` says the same); messages are
theirs, addresses and numbers are made up.
"""

import json
from dataclasses import dataclass
from typing import Any

from captionfleet_workers.model.catalogue import ErrorReport
from captionfleet_workers.model.classification import report_of_body

INNER = "10.43.128.30"
"""An address that no tenant may read."""
URL = "http://169.254.169.254/latest/meta-data"


@dataclass(frozen=True, slots=True)
class ServerExample:
    """One failed call; `reason` is the row that must judge it."""

    reason: str
    product: str
    version: str
    status: int
    body: bytes

    @property
    def name(self) -> str:
        """For the names of tests."""
        return f"{self.product}-{self.version}-{self.status}-{self.reason}"

    @property
    def report(self) -> ErrorReport:
        """As over HTTP."""
        return report_of_body(self.body, self.status)


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def vllm(  # noqa: PLR0913, PLR0917  a row of a table is read by position
    reason: str, version: str, status: int, kind: str, message: str, param: str | None = None
) -> ServerExample:
    """The shape of vLLM, with an integer in `code`."""
    error = {"message": message, "type": kind, "param": param, "code": status}
    return ServerExample(reason, "vLLM", version, status, _json({"error": error}))


def flat(  # noqa: PLR0913, PLR0917  likewise
    reason: str, product: str, version: str, status: int, kind: str, message: str
) -> ServerExample:
    """The shape of older vLLM, and of SGLang."""
    body = {"object": "error", "message": message, "type": kind, "param": None, "code": status}
    return ServerExample(reason, product, version, status, _json(body))


def llama(reason: str, status: int, kind: str, message: str) -> ServerExample:
    """llama.cpp's shape (commit 006639c)."""
    body = {"error": {"code": status, "message": message, "type": kind}}
    return ServerExample(reason, "llama.cpp", "006639c", status, _json(body))


def litellm(reason: str, version: str, status: int, message: str, kind: str = "None") -> ServerExample:
    """LiteLLM's shape: words for nothing, digits for a status."""
    error = {"message": message, "type": kind, "param": "None", "code": str(status)}
    return ServerExample(reason, "LiteLLM", version, status, _json({"error": error}))


CONTEXT = (
    "This model's maximum context length is 32768 tokens. However, you requested 35008 tokens (31208 in the messages, "
    "3800 in the completion). Please reduce the length of the messages or completion."
)
FETCHED = f"Failed to fetch media from URL: HTTP 403 error (parameter=image_url, value={URL})"
DOMAINS = f"The URL must be from one of the allowed domains: ['media.example']. Input URL domain: {INNER}"
CONNECT = f"Cannot connect to host {INNER}:18471 ssl:default [Connect call failed ('{INNER}', 18471)]"
TOO_LONG = (
    "Audio exceeds maximum allowed duration of 600s (file contains 912.4s at 48000Hz). Set "
    "VLLM_MAX_AUDIO_DECODE_DURATION_S to increase this limit."
)
TOO_MUCH = (
    "Audio would allocate 351 MiB of PCM (46000000 frames x 2 channels x 4B), exceeding the 256 MiB limit. Set "
    "VLLM_MAX_AUDIO_DECODE_BYTES to increase this limit."
)
ALSO_TOO_MUCH = (
    "Audio decode exceeded 256 MiB memory limit (257 MiB decoded so far). Set VLLM_MAX_AUDIO_DECODE_BYTES to increase "
    "this limit."
)
WRONG_MODEL = (
    "/chat/completions: Invalid model name passed in model=captioner. Call `/v1/models` to view available models for "
    "your key."
)
WRONG_KEY = (
    "Authentication Error, Invalid proxy server token passed. Received API Key = sk-...Xm0w, Key Hash (Token) =1bad. "
    "Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
)
BEHIND = f"litellm.InternalServerError: InternalServerError: Hosted_vllmException - {CONNECT}. Received Model Group=x"

EXAMPLES = (
    vllm("address_not_fetched", "0.33.0", 422, "UnprocessableEntityError", FETCHED, "image_url"),
    vllm("address_not_fetched", "0.33.0", 400, "BadRequestError", DOMAINS),
    vllm("address_not_fetched", "0.33.0", 500, "InternalServerError", CONNECT),
    vllm("address_not_fetched", "02ba96d", 400, "BadRequestError", "The media URL must remain HTTP(S): 'gopher:/x'"),
    vllm(
        "file_too_large", "0.33.0", 400, "BadRequestError", "Maximum file size exceeded (parameter=audio_filesize_mb)"
    ),
    vllm("duration_limit", "0.26", 400, "BadRequestError", TOO_LONG),
    vllm("decoded_too_large", "0.26", 400, "BadRequestError", TOO_MUCH),
    vllm("decoded_too_large", "0.26", 400, "BadRequestError", ALSO_TOO_MUCH),
    vllm("context_length", "0.30.0", 400, "BadRequestError", CONTEXT),
    vllm("context_length", "2026", 400, "BadRequestError", "max_tokens must be at least 1, got -7075."),
    vllm("undecodable", "03ef2cc", 400, "BadRequestError", "Invalid or unsupported audio file."),
    vllm("no_audio_support", "2026", 400, "BadRequestError", "At most 0 audio(s) may be provided in one prompt."),
    vllm("no_audio_support", "03ef2cc", 500, "InternalServerError", "Please install vllm[audio] for audio support"),
    vllm(
        "engine_dead", "2026", 500, "InternalServerError", "EngineCore encountered an issue. See stack trace (above)."
    ),
    vllm("model_not_found", "0.33.0", 404, "NotFoundError", "The model `captioner` does not exist."),
    flat("context_length", "vLLM", "before 0.10", 400, "BadRequestError", CONTEXT),
    flat(
        "context_length",
        "SGLang",
        "0.5.20",
        400,
        "BadRequestError",
        "The input (35008 tokens) is longer than the model's context length (32768 tokens).",
    ),
    flat(
        "context_length",
        "SGLang",
        "0.5.20",
        400,
        "BadRequestError",
        "Requested token count exceeds the model's maximum context length of 32768 tokens.",
    ),
    llama(
        "context_length",
        400,
        "exceed_context_size_error",
        "request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it",
    ),
    llama("context_length", 500, "server_error", "input is too large to process. increase the physical batch size"),
    llama(
        "no_audio_support",
        500,
        "server_error",
        "audio input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    ),
    llama("server_starting", 503, "unavailable_error", "Loading model"),
    litellm("gateway_model", "0149cf3", 400, WRONG_MODEL),
    litellm("gateway_model", "2026", 400, f"{{'error': '{WRONG_MODEL}'}}"),
    litellm("gateway_model", "2026", 401, "key not allowed to access model. This key can only access models=['a']"),
    litellm(
        "gateway_budget",
        "2026",
        400,
        "Budget has been exceeded! Current cost: 10.0, Max budget: 5.0",
        "budget_exceeded",
    ),
    litellm(
        "gateway_budget", "2026", 429, "Budget has been exceeded! Current cost: 5.0, Max budget: 1.0", "budget_exceeded"
    ),
    litellm("gateway_budget", "2026", 400, "ExceededBudget: User=default over budget. Spend=2, Budget=1"),
    litellm("gateway_key", "1.99.0", 400, "No connected db.", "no_db_connection"),
    litellm("gateway_key", "2026", 401, WRONG_KEY, "token_not_found_in_db"),
    litellm(
        "gateway_cooling",
        "2026",
        429,
        "No deployments available for selected model, Try again in 60 seconds. Passed model=x",
    ),
    litellm("context_length", "2026", 400, f"litellm.ContextWindowExceededError: {CONTEXT}"),
    litellm("address_not_fetched", "2026", 400, f"litellm.BadRequestError: Hosted_vllmException - {FETCHED}"),
    ServerExample("unlisted_denial", "vLLM", "0.33.0", 401, _json({"error": "Unauthorized"})),
    ServerExample(
        "unlisted_client_error",
        "FastAPI",
        "any",
        422,
        _json({"detail": [{"type": "missing", "loc": ["body"], "msg": "Field is missing"}]}),
    ),
    ServerExample("gateway_model", "FastAPI", "any", 400, _json({"detail": {"error": WRONG_MODEL}})),
    ServerExample(
        "context_length",
        "a gateway",
        "any",
        400,
        _json({"detail": json.dumps({"error": {"message": CONTEXT, "code": 400}})}),
    ),
    ServerExample(
        "context_length",
        "a gateway",
        "any",
        500,
        _json(
            {
                "error": {
                    "message": _json(
                        {"error": {"code": 400, "type": "exceed_context_size_error", "message": "too long"}}
                    ).decode()
                }
            }
        ),
    ),
    ServerExample("context_length", "vLLM", "any", 400, b"data: " + _json({"error": {"message": CONTEXT}}) + b"\n\n"),
    ServerExample("body_too_large", "nginx", "any", 413, b"<html><h1>413 Request Entity Too Large</h1></html>"),
    ServerExample("gateway", "nginx", "any", 502, b"<html><h1>502 Bad Gateway</h1><hr>nginx/1.27</html>"),
)
