"""The dialect of vLLM, which serves the open weights: OpenAI-compatible, but for the way audio is sent.

Its `input_audio` takes raw base64 with a format and no address, so audio travels as `audio_url`, which takes both an
address and a data URL (vLLM, "Multimodal Inputs"). The server has to know the weights by the catalogue's name:
`vllm serve Qwen/Qwen3-Omni-30B-A3B-Captioner --served-model-name qwen3-omni-30b-a3b-captioner`.
"""

from captionfleet_workers.model.body import AUDIO, Body, body_of
from captionfleet_workers.model.openai_dialect import OpenAIDialect, chat_messages, chat_options
from captionfleet_workers.model.port import ModelRequest

DATA_URL_PREFIX = "data:audio/wav;base64,"
"""Whatever the audio is: a media type is documented, but the server goes by the bytes."""


class VllmDialect(OpenAIDialect):
    """A `ModelPort` for one's own vLLM; the base URL ends in `/v1`."""

    def _body(self, request: ModelRequest) -> Body:
        part = {"type": "audio_url", "audio_url": {"url": AUDIO}}
        return body_of({**chat_options(request), **chat_messages(request, part)}, request.audio, DATA_URL_PREFIX)
