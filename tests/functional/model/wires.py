"""The three dialects as data: where each is found, what it asks, and how its service answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from captionfleet_workers.model.dashscope_dialect import DashScopeDialect
from captionfleet_workers.model.openai_dialect import OpenAIDialect
from captionfleet_workers.model.vllm_dialect import VllmDialect
from tests.model_server import (
    DONE,
    NATIVE_USAGE,
    USAGE_EVENT,
    Scripted,
    captioned,
    delta,
    event,
    native_captioned,
    native_error_event,
    native_event,
    native_refused,
    refused,
)


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One dialect, and the same things said in it."""

    name: str
    dialect: type[OpenAIDialect | DashScopeDialect]
    base: str
    path: str
    audio_of: Callable[[Any], str]
    """Where the audio stands in a request."""
    captioned: Callable[[str], Scripted]
    silent: Scripted
    """An answer that cost nothing."""
    refused: Callable[[int, str, str], Scripted]
    piece: Callable[[str], bytes]
    end: bytes
    failed: Callable[[str, str], bytes]
    """An error in mid-stream."""


def _nothing(names: tuple[str, str]) -> dict[str, int]:
    return dict.fromkeys(names, 0)


def _chat(name: str, dialect: type[OpenAIDialect], base: str, audio_of: Callable[[Any], str]) -> Wire:
    return Wire(
        name=name,
        dialect=dialect,
        base=base,
        path=f"{base}/chat/completions",
        audio_of=audio_of,
        captioned=captioned,
        silent=captioned(usage=_nothing(("prompt_tokens", "completion_tokens"))),
        refused=refused,
        piece=delta,
        end=delta("", finish="stop") + USAGE_EVENT + DONE,
        failed=lambda code, message: event({"error": {"code": code, "message": message}}),
    )


OPENAI = _chat(
    "openai",
    OpenAIDialect,
    "/compatible-mode/v1",
    lambda sent: sent["messages"][0]["content"][0]["input_audio"]["data"],
)
VLLM = _chat("vllm", VllmDialect, "/v1", lambda sent: sent["messages"][0]["content"][0]["audio_url"]["url"])
DASHSCOPE = Wire(
    name="dashscope",
    dialect=DashScopeDialect,
    base="/api/v1",
    path="/api/v1/services/aigc/multimodal-generation/generation",
    audio_of=lambda sent: sent["input"]["messages"][0]["content"][0]["audio"],
    captioned=native_captioned,
    silent=native_captioned(usage=_nothing(("input_tokens", "output_tokens"))),
    refused=native_refused,
    piece=native_event,
    end=native_event("", finish="stop", usage=NATIVE_USAGE),
    failed=native_error_event,
)
WIRES = (OPENAI, DASHSCOPE, VLLM)
