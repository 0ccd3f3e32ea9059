"""Audio that the model could not fetch, would not take or would not describe: mostly 400.

A failed download is the model's own trouble with that address, as the audio was fetched and inspected here before: it
is worth another way. So is an encoding that it cannot read, as a transcoded file is another encoding.
"""

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Verdict, row

# fmt: off
ROWS = (
    row("audio_empty", "400", "", "audio is empty | audio is too short",
        Verdict.FAIL, Code.AUDIO_EMPTY, "Send longer audio."),
    row("audio_too_long", "400", "", "audio is too long",
        Verdict.SPLIT, Code.AUDIO_TOO_LONG, "Cut the audio into shorter parts."),
    row("url_invalid", "400", "", "url does not appear to be valid",
        Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Use an http or https address, or send the file itself."),
    row("inline_too_large", "400", "badrequest.toolarge",
        "max bytes per data-uri item | multimodal file size is too large",
        Verdict.REROUTE, Code.AUDIO_TOO_LARGE, "Send a smaller file, or a public address."),
    row("body_too_large", "413", "", "",
        Verdict.REROUTE, Code.AUDIO_TOO_LARGE, "Send a smaller file, or a public address."),
    row("format_illegal", "400", "", "file format is illegal | audio format is illegal | media format is not supported",
        Verdict.REROUTE, Code.AUDIO_UNSUPPORTED, "Convert the audio to MP3 or WAV."),
    row("download_failed", "400", "",
        "failed to download multimodal content | download the media resource timed out | unable to download the media",
        Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Let DashScopeUserBot pass the origin's firewall.", tries=2),
    row("media_not_found", "400", "", "failed to find the requested media resource",
        Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Check that the address has not expired."),
    row("media_forbidden", "400", "", "have authorization to access the media resource",
        Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Sign the address again, or send the file itself."),
    row("media_content_type", "400", "", "wrong content-type of multimodal url",
        Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Have the origin send the right Content-Type."),
    row("media_content_length", "400 | 500", "", "missing content-length of multimodal url",
        Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Have the origin send a Content-Length."),
    row("moderated_output", "400", "", "output data may contain",
        Verdict.RETRY, Code.CONTENT_BLOCKED, "Moderation refused the description of this audio.", tries=2),
    row("moderated_input", "400",
        "datainspectionfailed | data_inspection_failed | internalerror.algo.datainspectionfailed",
        "input data may contain",
        Verdict.FAIL, Code.CONTENT_BLOCKED, "Moderation refused this audio."),
    row("ip_infringement", "400", "ipinfringementsuspect", "",
        Verdict.FAIL, Code.CONTENT_BLOCKED, "Send audio without protected content."),
    row("custom_role_blocked", "400", "customroleblocked", "",
        Verdict.FAIL, Code.CONTENT_BLOCKED, "A moderation rule of the account refused this audio."),
    row("faq_rule_blocked", "400", "faqruleblocked", "",
        Verdict.FAIL, Code.CONTENT_BLOCKED, "A moderation rule of the account refused this audio."),
    row("input_download", "400",
        "invalidfile.downloadfailed | invalidurl.connectionrefused | invalidurl.timeout"
        " | badrequest.inputdownloadfailed", "",
        Verdict.REROUTE, Code.AUDIO_UNREACHABLE, "Check that the address can be reached from anywhere.", tries=2),
    row("other_models_length", "400 | 430",
        "invalidfile.audiolengtherror | invalidfile.duration | audio.durationlimiterror", "input audio is longer than",
        Verdict.SPLIT, Code.AUDIO_TOO_LONG, "Cut the audio into shorter parts."),
    row("other_models_size", "400 | 430", "invalidfile.size | filesizeexceed | audio.filesizeexceed",
        "file size is larger than",
        Verdict.FAIL, Code.AUDIO_TOO_LARGE, "Send a smaller file."),
    row("other_models_silence", "400 | 430", "audio.audioshorterror | audio.audiosilenterror", "",
        Verdict.FAIL, Code.AUDIO_EMPTY, "Send longer audio that contains sound."),
    row("other_models_format", "400 | 430",
        "invalidfile.format | invalidfile.openerror | audio.decodererror | audio.audiorateerror | audio.preprocesserror"
        " | badrequest.unsupportedfileformat", "",
        Verdict.FAIL, Code.AUDIO_UNSUPPORTED, "Convert the audio to MP3 or WAV."),
)
# fmt: on
