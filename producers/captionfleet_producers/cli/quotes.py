"""Quotes as text for people, one explained or several in a table, and as JSON for programs."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import captionfleet_producers as fleet
from captionfleet_producers.cli.printing import Fact, print_facts
from captionfleet_producers.cli.screen import fit_address, fit_to_see, print_json, say

if TYPE_CHECKING:
    from captionfleet_producers import CaptionResult, Quoted, QuoteTotal
    from captionfleet_schemas import Cost, Quote
    from captionfleet_schemas.result import Plan

_PIPE_WIDTH = 120
_NAME_WIDTH = 32
_MINUTE = 60
_LONG_MINUTES = 120


def print_quote_as_json(one: "Quoted") -> None:
    """One source with its result, or the error for which it cannot be submitted."""
    source = str(one.submission.audio)
    if one.error is not None:
        print_json({"source": source, "error": {"code": one.error.code, "message": str(one.error)}})
    elif one.result is not None:
        print_json({"source": source, "result": json.loads(one.result.encode())})


def print_total_as_json(quoted: Sequence["Quoted"]) -> None:
    """The sum; money as text, so that no digit is lost."""
    total = asdict(fleet.total_of(quoted))
    print_json({"total": total | {name: format(total[name], "f") for name in ("typical", "worst")}})


def print_quotes(quoted: Sequence["Quoted"]) -> None:
    """One quote explained, or several in a table with their total."""
    if len(quoted) == 1:
        print_facts(_name(quoted[0]), _facts(quoted[0]))
    else:
        _print_table(quoted)
        _print_reasons(quoted)
        _print_total(fleet.total_of(quoted))


def _facts(one: "Quoted") -> Iterator[Fact]:
    if one.result is None:
        yield "problem", str(one.error)
        return
    if one.result.audio is not None:
        audio = one.result.audio
        yield "audio", f"{audio.container}/{audio.codec}, {length(audio.seconds)}, {audio.bytes:,} bytes"
    if one.quote is not None:
        yield from _facts_of_quote(one.quote, one.result)
    if one.result.plan is not None:
        yield "plan", f"{_sent_as(one.result.plan)}: {' '.join(one.result.plan.why)}"
    if one.result.failure is not None:
        yield "problem", f"{one.result.failure.code}: {one.result.failure.message} {one.result.failure.remedy}"


def _facts_of_quote(quote: "Quote", result: "CaptionResult") -> Iterator[Fact]:
    if result.cached_from is not None:
        yield "cost", f"$0: job {result.cached_from} has a caption of the same audio"
        return
    yield "calls", f"{quote.calls} to {result.model}"
    yield (
        "tokens",
        f"{quote.input_tokens:,} in; about {quote.typical_output_tokens:,} out, at most {quote.max_output_tokens:,}",
    )
    yield "cost", f"about {_money(quote.typical)}, at most {_money(quote.worst)}{_by(quote.typical)}"
    if quote.timeline_extra is not None:
        yield "timeline", f"{_money(quote.timeline_extra)} of that is for more calls than the length needs"
    yield "time", f"at least {duration(quote.minutes)} at {_limits(quote)}"


def _print_table(quoted: Sequence["Quoted"]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for name in ("source", "length", "calls", "tokens in", "out", "typical", "at most"):
        table.add_column(name, justify="left" if name == "source" else "right", no_wrap=True)
    table.add_column("sent as")
    for one in quoted:
        table.add_row(*map(fit_to_see, _row(one)))
    width = shutil.get_terminal_size(fallback=(_PIPE_WIDTH, 24)).columns
    console = Console(width=width, markup=False, highlight=False, emoji=False, color_system=None)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        say(line)


def _row(one: "Quoted") -> Iterator[str]:
    audio = one.result.audio if one.result else None
    quote = one.quote
    yield _name(one, _NAME_WIDTH)
    yield length(audio.seconds) if audio else ""
    yield from (
        (
            str(quote.calls),
            f"{quote.input_tokens:,}",
            f"{quote.typical_output_tokens:,}",
            _money(quote.typical),
            _money(quote.worst),
        )
        if quote
        else ("", "", "", "", "")
    )
    yield _note(one)


def _note(one: "Quoted") -> str:
    result = one.result
    if result is None:
        return f"cannot be submitted: {one.error}"
    if result.failure is not None:
        return f"{result.failure.code}: {result.failure.message}"
    if result.cached_from is not None:
        return f"nothing: job {result.cached_from} has its caption"
    assert result.plan is not None
    return _sent_as(result.plan)


def _print_reasons(quoted: Sequence["Quoted"]) -> None:
    """Why not all goes unchanged, each reason once with the sources that have it."""
    names: dict[str, list[str]] = {}
    for one in quoted:
        plan = one.result.plan if one.result and one.quote and one.result.cached_from is None else None
        for reason in _reasons(plan) if plan else ():
            names.setdefault(reason, []).append(_name(one))
    print_facts("", [("because", f"{reason} ({_few(having)})") for reason, having in names.items()])


def _reasons(plan: "Plan") -> Iterator[str]:
    """Of a plan that changes the audio, what the table does not say already: the form in which it is sent."""
    if plan.bit_rate is not None or plan.parts > 1:
        form = f"{(plan.bit_rate or 0) // 1000} kbit/s"
        yield from (reason for reason in plan.why if form not in reason)


def _few(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _print_total(total: "QuoteTotal") -> None:
    captioned = total.sources - total.problems
    unpriced = f"; {total.unpriced_calls} call(s) have no published price" if total.unpriced_calls else ""
    facts = [
        ("audio", f"{captioned} of {total.sources} sources can be captioned, {length(total.seconds)} in all"),
        ("calls", str(total.calls)),
        ("tokens", f"{total.input_tokens:,} in; about {total.typical_output_tokens:,} out"),
        ("cost", f"about ${total.typical:.4f}, at most ${total.worst:.4f}{unpriced}"),
        ("time", f"at least {duration(total.minutes)} at the fleet's limits"),
    ]
    print_facts("Total", facts)


def _sent_as(plan: "Plan") -> str:
    parts = f" in {plan.parts} parts" if plan.parts > 1 else ""
    if plan.bit_rate is None:
        return f"{plan.route}, unchanged{parts}"
    sound = "mono" if plan.channels == 1 else "stereo"
    return f"{plan.codec.upper()} {plan.bit_rate // 1000} kbit/s {sound}{parts}"


def _name(one: "Quoted", width: int = 200) -> str:
    audio: Any = one.submission.audio
    return fit_address(audio.name if isinstance(audio, Path) else str(audio), width)


def _money(cost: "Cost | None") -> str:
    return f"${cost.total:.4f}" if cost is not None else "no price"


def _by(cost: "Cost | None") -> str:
    return f" ({cost.price_version})" if cost is not None else ""


def _limits(quote: "Quote") -> str:
    requests = f"{quote.requests_per_minute:g} requests" if quote.requests_per_minute else "any number of requests"
    tokens = f"{quote.tokens_per_minute:,g} tokens" if quote.tokens_per_minute else "any number of tokens"
    return f"{requests} and {tokens} a minute"


def length(seconds: float) -> str:
    """A length of audio: `7.1 s` below a minute, `0:03:05` above."""
    return f"{seconds:.1f} s" if seconds < _MINUTE else str(timedelta(seconds=round(seconds)))


def duration(minutes: float) -> str:
    """A time to wait, in the unit that fits."""
    if minutes < 1:
        return f"{minutes * _MINUTE:.0f} s"
    return f"{minutes:.0f} min" if minutes < _LONG_MINUTES else f"{minutes / _MINUTE:.1f} h"
