"""Jobs and results as text for people, or as one JSON object a line for programs."""

import json
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from captionfleet_producers.cli.screen import fit_address, fit_to_see, print_json, print_wire_json, say

if TYPE_CHECKING:
    from captionfleet_ledger import Delivery, Fault
    from captionfleet_producers import CaptionResult, JobRecord
    from captionfleet_producers.event_stream import AnyEvent
    from captionfleet_producers.operations import PauseStanding, Standing
    from captionfleet_schemas.result import Failure, Quote

Fact = tuple[str, str]
_NAME_WIDTH = 9


def print_result(result: "CaptionResult", *, as_json: bool) -> None:
    """How a job ended: caption, tokens, cost and plan, or the reason and what to do."""
    if as_json:
        print_wire_json(result.encode())
    else:
        print_facts(f"{result.job_id}  {result.state}", facts_of_result(result))


def print_record(record: "JobRecord", deliveries: Sequence["Delivery"], *, as_json: bool) -> None:
    """Everything that is known of a job."""
    if as_json:
        print_json({**record_as_json(record), "deliveries": [asdict(delivery) for delivery in deliveries]})
    else:
        facts = [*_facts_of_record(record), *(("webhook", _delivery_line(delivery)) for delivery in deliveries)]
        print_facts(f"{record.job.id}  {record.state}", facts)


def print_rejection(rejection: "CaptionResult", deliveries: Sequence["Delivery"], *, as_json: bool) -> None:
    """What is known of a job that does not exist, as its message could not be read."""
    failure = rejection.failure
    reason, remedy = (failure.message, failure.remedy) if failure else ("", "")
    at = rejection.timings.finished_at
    if as_json:
        said = {"id": rejection.job_id, "state": "rejected", "reason": reason, "remedy": remedy, "rejected_at": at}
        print_json({**said, "deliveries": [asdict(delivery) for delivery in deliveries]})
    else:
        facts = [("reason", reason), ("remedy", remedy), ("at", at.isoformat(sep=" ", timespec="seconds"))]
        facts += [("webhook", _delivery_line(delivery)) for delivery in deliveries]
        print_facts(f"{rejection.job_id}  rejected", facts)


def print_standing(standing: "Standing", *, as_json: bool) -> None:
    """What is paused, and how many jobs there are in each state."""
    if as_json:
        pauses = [{**json.loads(one.pause.encode()), "parked": one.parked} for one in standing.pauses]
        faults = [asdict(one) for one in standing.faults]
        print_json({"pauses": pauses, "faults": faults, "jobs": standing.jobs, "dead": standing.dead})
    else:
        print_facts("Pauses" if standing.pauses else "Nothing is paused.", map(_fact_of_pause, standing.pauses))
        if standing.faults:
            print_facts("Accounts at fault", map(_fact_of_fault, standing.faults))
        counts = [*standing.jobs.items(), ("dead", standing.dead)]
        print_facts("Jobs", [(str(name), str(count)) for name, count in counts])


def print_event(event: "AnyEvent", *, as_json: bool) -> None:
    """An event, whole or in one line."""
    if as_json:
        print_wire_json(event.encode())
    else:
        say(f"{event.time:%Y-%m-%d %H:%M:%S}  {event.type:<17}  {event.subject}")


def print_row(record: "JobRecord") -> None:
    """A job in one line of a list."""
    why = record.waiting_reason or (record.result.failure.code if record.result and record.result.failure else "")
    columns = f"{record.job.id:<36}  {record.state:<9}  {record.job.lane:<11}  {record.accepted_at:%Y-%m-%d %H:%M:%S}"
    say(f"{columns}  {fit_address(record.job.audio.url)}" + (f"  ({why})" if why else ""))


def record_as_json(record: "JobRecord") -> dict[str, Any]:
    """A record with the job and its result as they are on the wire."""
    return {
        "id": record.job.id,
        "state": record.state,
        "attempts": record.attempts,
        "accepted_at": record.accepted_at,
        "started_at": record.started_at,
        "due_at": record.due_at,
        "waiting_reason": record.waiting_reason,
        "job": json.loads(record.job.encode()),
        "result": record.result and json.loads(record.result.encode()),
    }


def facts_of_result(result: "CaptionResult") -> Iterable[Fact]:
    """Name and text of everything worth reading in a result."""
    if result.failure:
        yield from _facts_of_failure(result.failure)
    if result.caption is not None:
        yield "caption", " ".join(result.caption.splitlines())
    if result.cached_from is not None:
        yield "cost", f"$0: it is the caption that job {result.cached_from} has paid for"
    if result.quote is not None:
        yield "quote", _quote_line(result.quote)
    if result.usage:
        yield "tokens", f"{result.usage.input_tokens} in, {result.usage.output_tokens} out"
    if result.cost:
        yield "cost", f"${result.cost.total:f} ({result.cost.price_version})"
    if result.audio:
        yield "audio", f"{result.audio.container}/{result.audio.codec}, {result.audio.seconds:.1f} s"
    if result.plan:
        yield "plan", f"{result.plan.route}: {' '.join(result.plan.why)}"
    took = (result.timings.finished_at - result.timings.accepted_at).total_seconds()
    yield "took", f"{took:.1f} s, {result.attempts} attempt(s), {result.model_calls} model call(s)"


def _facts_of_failure(failure: "Failure") -> Iterable[Fact]:
    yield "reason", f"{failure.code}: {failure.message}"
    yield "remedy", failure.remedy


def _facts_of_record(record: "JobRecord") -> Iterable[Fact]:
    yield "audio", fit_address(record.job.audio.url, 200)
    yield "accepted", record.accepted_at.isoformat(sep=" ", timespec="seconds")
    if record.waiting_reason and record.due_at:
        yield "waiting", f"{record.waiting_reason}, until {record.due_at.isoformat(sep=' ', timespec='seconds')}"
    if record.result:
        yield from facts_of_result(record.result)
    else:
        yield "attempts", str(record.attempts)


def _quote_line(quote: "Quote") -> str:
    costs = f"${quote.typical.total:f}" if quote.typical else "no published price"
    return f"{quote.calls} call(s), {quote.input_tokens:,} tokens in; typically {costs}"


def _fact_of_pause(one: "PauseStanding") -> Fact:
    since = one.pause.since.isoformat(sep=" ", timespec="seconds")
    return one.pause.scope, f"by {one.pause.by} since {since}, {one.parked} job(s) parked: {one.pause.reason}"


def _fact_of_fault(one: "Fault") -> Fact:
    since, again = (moment.isoformat(sep=" ", timespec="seconds") for moment in (one.since, one.next_try))
    return one.account or "the only one", f"for {one.model} since {since}, tried again at {again}: {one.reason}"


def _delivery_line(delivery: "Delivery") -> str:
    last = delivery.attempts[-1] if delivery.attempts else None
    how = f", last answer {last.status or last.error}" if last else ""
    where = fit_address(delivery.url, 200)
    return f"{delivery.state} to {where} after {len(delivery.attempts)} attempt(s){how}{_postponed(delivery)}"


def _postponed(delivery: "Delivery") -> str:
    if delivery.rest is None:
        return ""
    until = delivery.rest.until.isoformat(sep=" ", timespec="seconds")
    return f", postponed until {until}, as deliveries to its endpoint failed: {delivery.rest.reason}"


def print_facts(title: str, facts: Iterable[Fact]) -> None:
    """A title, and below it each fact with its name, folded to the screen."""
    say(title)
    width = max(shutil.get_terminal_size().columns, 40)
    indent = " " * (_NAME_WIDTH + 3)
    for name, text in facts:
        first = f"  {fit_to_see(name):<{_NAME_WIDTH}} "
        for line in textwrap.wrap(fit_to_see(text), width, initial_indent=first, subsequent_indent=indent):
            say(line)
