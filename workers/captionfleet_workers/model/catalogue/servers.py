"""Servers of one's own and the gateways before them: what their texts (`server_texts.TEXTS`) ask for.

A gateway's faults come first, as it wraps what is behind it in words of its own.
"""

from dataclasses import replace

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Row, Verdict, row
from captionfleet_workers.model.catalogue.server_texts import TEXTS

_CUT = "Serve the weights with higher limits, or cut the audio into shorter parts."

# fmt: off
_ROWS = (
    row("gateway_budget", "", "budget_exceeded", "",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Raise the budget of the fleet's key at the gateway."),
    row("gateway_key", "", "no_db_connection | token_not_found_in_db", "",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Set a key that the gateway knows."),
    row("gateway_model", "", "key_model_access_denied", "",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Have the gateway offer the model under its name to the fleet's key."),
    row("gateway_cooling", "", "", "",
        Verdict.WAIT, Code.MODEL_UNAVAILABLE, "Check the servers behind the gateway."),
    row("context_length", "", "exceed_context_size_error | context_length_exceeded", "",
        Verdict.SPLIT, Code.AUDIO_TOO_LONG, "Serve the weights with a larger context, or cut the audio."),
    row("duration_limit", "", "", "",
        Verdict.SPLIT, Code.AUDIO_TOO_LONG, _CUT),
    replace(
        row("decoded_too_large", "", "", "", Verdict.REROUTE, Code.AUDIO_TOO_LARGE, _CUT), divides=True),
    replace(
        row("file_too_large", "", "", "", Verdict.REROUTE, Code.AUDIO_TOO_LARGE, _CUT), divides=True),
    replace(
        row("address_not_fetched", "", "", "",
            Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Send the file itself."), by_address=True),
    row("undecodable", "", "", "",
        Verdict.REROUTE, Code.AUDIO_UNSUPPORTED, "Convert the audio to MP3 or WAV."),
    row("no_audio_support", "", "", "",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Serve weights that take audio, with what their server needs for it."),
    row("engine_dead", "", "", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Start the model's server anew."),
    row("server_starting", "", "unavailable_error", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Wait until the model's server has started."),
)
# fmt: on


def _with_texts(one: Row) -> Row:
    texts = tuple(text.fragment for text in TEXTS if text.reason == one.reason)
    return replace(one, fragments=texts)


ROWS = tuple(map(_with_texts, _ROWS))
