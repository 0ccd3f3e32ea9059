"""An emulator that runs as a process of its own, as users run it."""

import base64
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from openai import OpenAI

COMMAND = Path(sys.executable).with_name("captionfleet-emulator")
READY = "captionfleet-emulator listening on "
GENERATION = "/api/v1/services/aigc/multimodal-generation/generation"
CAPTIONER = "qwen3-omni-30b-a3b-captioner"
OMNI = "qwen3-omni-flash"
AUDIO = Path(__file__).parents[2] / "audio"


@dataclass(frozen=True)
class Emulator:
    """A process that serves, and clients of it."""

    process: subprocess.Popen[str]
    url: str
    http: httpx2.Client
    openai: OpenAI

    def post(self, body: object, **headers: str) -> httpx2.Response:
        """Send a raw chat completion request."""
        return self.http.post(
            "/compatible-mode/v1/chat/completions", json=body, headers={"authorization": "Bearer key"} | headers
        )

    def ask(self, audio: str, **fields: Any) -> httpx2.Response:
        """Send a well-formed request about one audio."""
        return self.post(request_body(audio, **fields))

    def generate(self, body: object, **headers: str) -> httpx2.Response:
        """Send a raw request to the native API."""
        return self.http.post(GENERATION, json=body, headers={"authorization": "Bearer key"} | headers)

    def fault(self, **rule: object) -> dict[str, Any]:
        """Switch a fault on."""
        response = self.http.post("/admin/faults", json=rule)
        assert response.status_code == 201, response.text
        body: dict[str, Any] = response.json()
        return body

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are switched on."""
        body: list[dict[str, Any]] = self.http.get("/admin/faults").json()["faults"]
        return body

    @contextmanager
    def holding(self, **rule: object) -> Generator[None]:
        """Keep the next calls waiting until the block ends."""
        held = self.fault(hold=True, **rule)
        try:
            yield
        finally:
            assert self.http.delete(f"/admin/faults/{held['id']}").status_code == 204

    def log(self) -> dict[str, Any]:
        """The request log."""
        body: dict[str, Any] = self.http.get("/admin/requests").json()
        return body

    def reset(self) -> None:
        """Switch all faults off and empty the request log."""
        self.http.delete("/admin/faults")
        self.http.delete("/admin/requests")


@contextmanager
def running_emulator(folder: Path, *options: str, **environment: str) -> Generator[Emulator]:
    """Run the command on a free port until the block ends; unless told otherwise it measures and no more, quickly."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CAPTIONFLEET_")}
    with (
        (folder / "stderr.jsonl").open("w") as errors,
        subprocess.Popen(
            [COMMAND, "--port", "0", "--listener", "dsp", *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=inherited | environment,
        ) as process,
    ):
        try:
            yield from _serve(process)
        finally:
            process.terminate()


def _serve(process: subprocess.Popen[str]) -> Generator[Emulator]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY), line
    url = line.removeprefix(READY).strip()
    with (
        httpx2.Client(base_url=url, timeout=60) as http,
        OpenAI(base_url=f"{url}/compatible-mode/v1", api_key="key", max_retries=0) as openai,
    ):
        yield Emulator(process, url, http, openai)


def request_body(audio: str, model: str = CAPTIONER, text: str | None = None, **fields: Any) -> dict[str, Any]:
    """The documented form of a request about one audio."""
    parts: list[dict[str, Any]] = [{"type": "input_audio", "input_audio": {"data": audio}}]
    if text is not None:
        parts.append({"type": "text", "text": text})
    return {"model": model, "messages": [{"role": "user", "content": parts}], **fields}


def native_body(audio: str, model: str = CAPTIONER, text: str | None = None, **parameters: Any) -> dict[str, Any]:
    """The documented form of a native request about one audio."""
    parts = [{"audio": audio}, *([] if text is None else [{"text": text}])]
    return {"model": model, "input": {"messages": [{"role": "user", "content": parts}]}, "parameters": parameters}


def data_url(source: Path | bytes, media_type: str = "") -> str:
    """A file or its bytes as the documented data URL."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
