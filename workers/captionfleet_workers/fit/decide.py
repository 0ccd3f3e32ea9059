"""From what the audio is and what the model takes to how it is sent."""

from dataclasses import replace

from captionfleet_schemas import FailureCode, Plan, Route
from captionfleet_schemas.catalogue import Limits, ModelCard
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch.policy import Fetched
from captionfleet_workers.fit.gate import gate
from captionfleet_workers.fit.length import Cutting, cutting_of, length
from captionfleet_workers.fit.policy import FitPlan, FitPolicy
from captionfleet_workers.fit.steps import inline_chars, richest
from captionfleet_workers.media.facts import Inspection, Target

_A_PART = "This is one part of a longer file."

_CANCELLED = "The channels cancel each other out when they are mixed, so that the model gets channel {} alone."

_UNGUARDED = "A self-hosted model is sent the audio: its server is not known to guard what it fetches."

_NOT_NEEDED = "The audio is in the fleet's own store, of which no URL leaves the fleet without need."


def plan(inspection: Inspection, fetched: Fetched, card: ModelCard, policy: FitPolicy) -> FitPlan:
    """Choose the cheapest route that loses least: the URL, the file as it is, or the richest MP3 that fits.

    The file as it is goes inline, or where it is too large for that by a URL that the fleet signs for it, or else to
    the model's own storage. Audio that one call does not carry is cut into parts.

    Each rule that fails leaves its reason in `Plan.why`, and the chosen route adds its own.

    Raises:
        PermanentError: `audio_empty` by the gate; `audio_too_long` where it would take too many parts;
            `model_rejected` when the model has refused every route.
    """
    refusal = gate(inspection, policy)
    if refusal:
        raise refusal
    cutting = cutting_of(inspection, card.limits, policy)
    if cutting is not None:
        return _as_parts(inspection, card.limits, policy, cutting)
    against_url = _against_url(inspection, fetched, card.limits, policy)
    presigned = fetched.origin is not None and fetched.origin.presigned
    if against_url is None and not presigned:
        return _as_url(inspection, fetched)
    against_inline = _against_inline(inspection, fetched, card.limits, policy)
    if against_inline is None:
        return _as_inline(inspection, fetched, card.limits, (against_url or _NOT_NEEDED,))
    if against_url is None:
        return _as_presigned(inspection, fetched, against_inline)
    against_upload = _against_upload(inspection, fetched, card.limits, policy)
    if against_upload is None:
        return _as_upload(inspection, fetched, (against_url, against_inline))
    return _as_mp3(inspection, card.limits, policy, (against_url, against_inline, against_upload))


def _against_url(inspection: Inspection, fetched: Fetched, limits: Limits, policy: FitPolicy) -> str | None:
    if policy.only_a_part:
        return _A_PART
    if Route.URL in policy.avoid_routes:
        return "The model could not read the audio from its URL."
    if not policy.pass_urls:
        return "This fleet does not hand URLs to the model."
    if not policy.takes_addresses:
        return _UNGUARDED
    return _against_origin(fetched, limits, policy) or _against_format(inspection, limits)


def _against_origin(fetched: Fetched, limits: Limits, policy: FitPolicy) -> str | None:
    origin = fetched.origin
    if origin is None:
        return "The audio has no web address that the model could read."
    if origin.with_headers or origin.with_cookies:
        private = "headers of the job" if origin.with_headers else "cookies that its origin had set"
        return f"The audio was read with {private}, which are not passed on to the model."
    if not (origin.public or origin.presigned or policy.pass_private_urls):
        return "The address is not public, so the model cannot reach it."
    if origin.content_length is None:
        return "The origin sends no Content-Length, which the model needs to read a URL."
    if fetched.bytes > limits.max_url_bytes:
        return f"The file of {fetched.bytes:,} bytes is over the model's limit of {limits.max_url_bytes:,} for a URL."
    return None


def _against_inline(inspection: Inspection, fetched: Fetched, limits: Limits, policy: FitPolicy) -> str | None:
    chars = inline_chars(fetched.bytes)
    if policy.only_a_part:
        return _A_PART
    if Route.INLINE in policy.avoid_routes:
        return "The model could not read the file as it is."
    if chars >= limits.max_inline_chars:
        return f"As base64 the file takes {chars:,} characters; the model takes fewer than {limits.max_inline_chars:,}."
    return _against_format(inspection, limits)


def _against_upload(inspection: Inspection, fetched: Fetched, limits: Limits, policy: FitPolicy) -> str | None:
    if policy.only_a_part:
        return _A_PART
    against_format = _against_format(inspection, limits)
    if against_format or not policy.may_upload:
        return against_format or "This fleet does not use the model's temporary storage."
    if Route.UPLOAD in policy.avoid_routes:
        return "The model could not read the file from its temporary storage."
    if fetched.bytes > limits.max_upload_bytes:
        return f"The model's storage takes {limits.max_upload_bytes:,} bytes; the file has {fetched.bytes:,}."
    return None


def _against_format(inspection: Inspection, limits: Limits) -> str | None:
    if inspection.track:
        return f"The first audio track says nothing, so that the model gets track {inspection.track + 1}."
    if inspection.one_channel is not None:
        return _CANCELLED.format(inspection.one_channel + 1)
    if (inspection.container, inspection.codec) not in limits.formats:
        return f"{_name(inspection)} is not among the formats that the model documents."
    if inspection.damaged:
        return "The file is damaged, so the model gets a clean copy of what can be decoded."
    return None


def _as_url(inspection: Inspection, fetched: Fetched) -> FitPlan:
    what = f"{_name(inspection)} of {fetched.bytes:,} bytes"
    why = f"The URL is passed on: the model can reach it, and {what} is within the limits."
    return FitPlan(
        plan=_as_it_is(Route.URL, inspection, (why,)), send_url=fetched.origin.url if fetched.origin else None
    )


def _as_presigned(inspection: Inspection, fetched: Fetched, against_inline: str) -> FitPlan:
    assert fetched.origin is not None
    why = f"A URL of the fleet's own store is signed and passed on: {_name(inspection)} of {fetched.bytes:,} bytes."
    return FitPlan(plan=_as_it_is(Route.URL, inspection, (against_inline, why)), send_url=fetched.origin.url)


def _as_inline(inspection: Inspection, fetched: Fetched, limits: Limits, why: tuple[str, ...]) -> FitPlan:
    chosen = (
        f"The file goes inline unchanged: {inline_chars(fetched.bytes):,} characters as base64, "
        f"below the model's limit of {limits.max_inline_chars:,}."
    )
    return FitPlan(plan=_as_it_is(Route.INLINE, inspection, (*why, chosen)))


def _as_upload(inspection: Inspection, fetched: Fetched, why: tuple[str, ...]) -> FitPlan:
    chosen = (
        f"The file goes to the model's temporary storage unchanged: {_name(inspection)} of {fetched.bytes:,} bytes."
    )
    return FitPlan(plan=_as_it_is(Route.UPLOAD, inspection, (*why, chosen)))


def _as_it_is(route: Route, inspection: Inspection, why: tuple[str, ...]) -> Plan:
    return Plan(
        route=route,
        container=inspection.container,
        codec=inspection.codec,
        channels=inspection.channels,
        sample_rate=inspection.sample_rate,
        why=why,
    )


def _as_mp3(inspection: Inspection, limits: Limits, policy: FitPolicy, why: tuple[str, ...]) -> FitPlan:
    target = _mp3(inspection, limits, policy)
    chosen = (
        f"It is sent as {_form(target)}: the richest form of {inspection.seconds:.1f} s "
        f"below {limits.max_inline_chars:,} characters as base64."
    )
    why = tuple(dict.fromkeys((*why, chosen, *_lost(inspection, target.channels, limits))))
    return FitPlan(plan=_as_transcoded(target, 1, why), transcode=target)


def _as_parts(inspection: Inspection, limits: Limits, policy: FitPolicy, cutting: Cutting) -> FitPlan:
    share = replace(inspection, seconds=inspection.seconds / cutting.parts)
    target = _mp3(share, limits, policy)
    chosen = (
        f"It is cut at quiet places into {cutting.parts} parts of about {length(share.seconds)}, "
        f"each sent as {_form(target)}."
    )
    why = (*cutting.why, chosen, *_lost(share, target.channels, limits))
    return FitPlan(plan=_as_transcoded(target, cutting.parts, why), longest=cutting.longest)


def _mp3(inspection: Inspection, limits: Limits, policy: FitPolicy) -> Target:
    target = richest(inspection, limits.max_inline_chars)
    if target is None or Route.TRANSCODED in policy.avoid_routes:
        raise PermanentError(FailureCode.MODEL_REJECTED, "the model has refused every form of this audio that fits")
    return target


def _as_transcoded(target: Target, parts: int, why: tuple[str, ...]) -> Plan:
    return Plan(
        route=Route.TRANSCODED,
        container=target.container,
        codec=target.codec,
        channels=target.channels,
        sample_rate=target.sample_rate,
        bit_rate=target.bit_rate,
        parts=parts,
        why=why,
    )


def _lost(inspection: Inspection, channels: int, limits: Limits) -> tuple[str, ...]:
    if inspection.one_channel is not None:
        return (_CANCELLED.format(inspection.one_channel + 1),)
    if channels >= min(inspection.channels, 2):
        return ()
    return (f"Stereo had to go: it does not fit {limits.max_inline_chars:,} characters at this length.",)


def _form(target: Target) -> str:
    return f"MP3 of {target.bit_rate // 1000} kbit/s, {_sound(target.channels)}, {target.sample_rate / 1000:g} kHz"


def _sound(channels: int) -> str:
    return "mono" if channels == 1 else "stereo"


def _name(inspection: Inspection) -> str:
    if inspection.container == inspection.codec:
        return inspection.codec.upper()
    return f"{inspection.codec.upper()} in {inspection.container.upper()}"
