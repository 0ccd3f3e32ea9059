"""What servers of one's own write when a call fails, as data: who, seen in which version, the words, what they mean.

A version is a release where the words were seen in one, else the commit of the source that was read. The words are
looked for as fragments (`ErrorReport.text`), whatever status they come with: a gateway passes them on under another.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerText:
    """One text; `reason` is the row of `servers.ROWS` that says what to do about it."""

    product: str
    seen_in: str
    status: int
    """That it comes with from the server itself."""
    fragment: str
    """Lower-case."""
    reason: str


# fmt: off
TEXTS = (
    # An address that the server did not fetch. What goes wrong on the way comes as a bare 500.
    ServerText("vLLM", "0.33.0", 422, "failed to fetch media from url", "address_not_fetched"),
    ServerText("vLLM", "0.33.0", 400, "must be from one of the allowed domains", "address_not_fetched"),
    ServerText("vLLM", "0.33.0", 500, "cannot connect to host", "address_not_fetched"),
    ServerText("vLLM", "02ba96d", 400, "the media url must remain http", "address_not_fetched"),
    ServerText("vLLM", "02ba96d", 400, "media url host resolves to a blocked address", "address_not_fetched"),
    ServerText("vLLM", "02ba96d", 500, "cannot resolve media url host", "address_not_fetched"),
    ServerText("vLLM", "02ba96d", 400, "the url must be either a http, data or file url", "address_not_fetched"),
    ServerText("vLLM", "02ba96d", 400, "media url has no host", "address_not_fetched"),
    ServerText("vLLM", "00634b8", 400, "invalid http url: a valid http url must have scheme", "address_not_fetched"),

    # Its limits: 25 MB of a file, 600 s and 256 MiB of what is in it, by default.
    ServerText("vLLM", "0.33.0", 400, "maximum file size exceeded", "file_too_large"),
    ServerText("vLLM", "0.26", 400, "audio exceeds maximum allowed duration", "duration_limit"),
    ServerText("vLLM", "0.26", 400, "set vllm_max_audio_decode_duration_s", "duration_limit"),
    ServerText("vLLM", "0.26", 400, "mib of pcm", "decoded_too_large"),
    ServerText("vLLM", "0.26", 400, "audio decode exceeded", "decoded_too_large"),
    ServerText("vLLM", "0.26", 400, "set vllm_max_audio_decode_bytes", "decoded_too_large"),

    # More tokens than its context holds.
    ServerText("vLLM", "0.30.0", 400, "maximum context length", "context_length"),
    ServerText("vLLM", "0.30.0", 400, "longer than the maximum model length", "context_length"),
    ServerText("vLLM", "2026", 400, "the model's context length is only", "context_length"),
    ServerText("vLLM", "2026", 400, "max_tokens must be at least 1, got -", "context_length"),
    ServerText("SGLang", "0.5.20", 400, "longer than the model's context length", "context_length"),
    ServerText("SGLang", "0.5.20", 400, "exceeds the model's maximum context length", "context_length"),
    ServerText("llama.cpp", "006639c", 400, "exceeds the available context size", "context_length"),
    ServerText("llama.cpp", "006639c", 500, "input is too large to process. increase the physical batch size",
               "context_length"),
    ServerText("LiteLLM", "2026", 400, "contextwindowexceedederror", "context_length"),

    # Audio that it could not decode.
    ServerText("vLLM", "03ef2cc", 400, "invalid or unsupported audio file", "undecodable"),
    ServerText("vLLM", "03ef2cc", 400, "no audio stream found", "undecodable"),
    ServerText("vLLM", "03ef2cc", 400, "data when extracting audio", "undecodable"),
    ServerText("vLLM", "0.26", 400, "invalid or corrupted audio data", "undecodable"),
    ServerText("SGLang", "2026", 400, "multimodal data is corrupted or cannot be", "undecodable"),

    # A server that was set up without what these calls need.
    ServerText("vLLM", "03ef2cc", 500, "install vllm[audio]", "no_audio_support"),
    ServerText("vLLM", "2026", 400, "at most 0 audio(s) may be provided", "no_audio_support"),
    ServerText("llama.cpp", "006639c", 500, "audio input is not supported", "no_audio_support"),

    # A server that has stopped working, or has not begun to.
    ServerText("vLLM", "2026", 500, "enginecore encountered an issue", "engine_dead"),
    ServerText("llama.cpp", "006639c", 503, "loading model", "server_starting"),

    # A gateway's own account, which LiteLLM answers for with 400.
    ServerText("LiteLLM", "0149cf3", 400, "invalid model name passed in", "gateway_model"),
    ServerText("LiteLLM", "2026", 401, "key not allowed to access model", "gateway_model"),
    ServerText("LiteLLM", "2026", 400, "budget has been exceeded", "gateway_budget"),
    ServerText("LiteLLM", "2026", 400, "exceededbudget:", "gateway_budget"),
    ServerText("LiteLLM", "1.99.0", 400, "no connected db", "gateway_key"),
    ServerText("LiteLLM", "2026", 401, "invalid proxy server token passed", "gateway_key"),
    ServerText("LiteLLM", "2026", 401, "authentication error - expired key", "gateway_key"),
    ServerText("LiteLLM", "2026", 401, "key is blocked", "gateway_key"),
    ServerText("LiteLLM", "2026", 429, "no deployments available for selected model", "gateway_cooling"),
)
# fmt: on
"""Within one answer the first row of `servers.ROWS` counts, so that the order here says nothing.

`2026` stands for texts that users of that year quote without a release."""
