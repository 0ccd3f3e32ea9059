"""The dialect of vLLM, which serves the open weights: OpenAI-compatible, but for the way audio is sent.

Its `input_audio` takes raw base64 with a format and no address, so audio travels as `audio_url`, which takes both an
address and a data URL (vLLM, "Multimodal Inputs"). The server has to know the weights by the catalogue's name:
`vllm serve Qwen/Qwen3-Omni-30B-A3B-Captioner --served-model-name qwen3-omni-30b-a3b-captioner`.
"""

from collections.abc import Callable

import httpx2

from captionfleet_workers.model.body import AUDIO, Body, body_of
from captionfleet_workers.model.catalogue import ErrorReport, Fault
from captionfleet_workers.model.dialect import Check, Piece
from captionfleet_workers.model.openai_dialect import OpenAIDialect, chat_messages, chat_options
from captionfleet_workers.model.port import Answer, AudioFile, ModelRequest

DATA_URL_PREFIX = "data:audio/wav;base64,"
"""Whatever the audio is: a media type is documented, but the server goes by the bytes."""


class VllmDialect(OpenAIDialect):
    """A `ModelPort` for one's own vLLM, or another server that takes its requests; the base URL ends in `/v1`."""

    inner = True

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        http_client_factory: Callable[[], httpx2.Client],
        takes_addresses: bool = True,
    ) -> None:
        """As every dialect; without `takes_addresses` no call that names an address is made."""
        super().__init__(base_url=base_url, api_key=api_key, http_client_factory=http_client_factory)
        self._takes_addresses = takes_addresses

    def _outcome(self, request: ModelRequest, on_piece: Piece, check: Check) -> Answer | ErrorReport:
        if not self._takes_addresses and not isinstance(request.audio, AudioFile):
            return ErrorReport(fault=Fault.NO_ADDRESS, message="The model's server is told no addresses.")
        return super()._outcome(request, on_piece, check)

    def _body(self, request: ModelRequest) -> Body:
        part = {"type": "audio_url", "audio_url": {"url": AUDIO}}
        return body_of({**chat_options(request), **chat_messages(request, part)}, request.audio, DATA_URL_PREFIX)
