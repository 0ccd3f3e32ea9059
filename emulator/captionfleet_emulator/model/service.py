"""The life of one call behind every dialect: limits, faults, audio, listening, answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from captionfleet_emulator.audio.fetch import Fetcher
from captionfleet_emulator.errors import TIMED_OUT, MediaError, MediaFault, ServiceError
from captionfleet_emulator.faults.book import Facts, FaultBook
from captionfleet_emulator.faults.effects import slowness, spoil, strike
from captionfleet_emulator.faults.rule import FaultRule
from captionfleet_emulator.journal.entry import Entry
from captionfleet_emulator.limits.book import LimitBook
from captionfleet_emulator.limits.terms import fingerprint
from captionfleet_emulator.listen.listeners import Heard, Listeners
from captionfleet_emulator.model.answer import Answer, compose
from captionfleet_emulator.model.call import Call
from captionfleet_emulator.model.intake import Audio, Lender, is_inline, question_name, route_of, take_audio
from captionfleet_emulator.model.memory import Memory
from captionfleet_emulator.model.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that is ready to be sent."""

    answer: Answer
    due: float
    """When its last piece is to leave, by the service's clock."""
    cut_after: int | None = None
    """After how many pieces of a stream the connection is to close."""
    bytes_per_second: float | None = None
    """How fast the answer may leave; None is as fast as it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Answers calls.

    Args:
        clock: monotonic seconds, of the same kind as the times in `Reply`.
        folder: where audio lies while it is listened to.
    """

    clock: Callable[[], float]
    folder: Path
    fetcher: Fetcher
    lender: Lender
    listeners: Listeners
    memory: Memory
    limits: LimitBook
    faults: FaultBook
    pace: Pace

    async def serve(self, call: Call, entry: Entry) -> Reply:
        """Answer one call, noting its facts in `entry`.

        Raises:
            ApiError: the answer is an error.
            DroppedError: there is to be no answer.
        """
        arrived = self.clock()
        note(call, entry)
        self.limits.admit(call.account, call.card.name, entry.request_id)
        fault = await self._meet_fault(call, entry)
        audio = await take_audio(call, self.fetcher, self.lender)
        try:
            entry.sha256 = audio.sha256
            fault = fault or await self._meet_fault(call, entry)
            answer = compose(call, await self._hear(call, audio))
        finally:
            audio.discard()
        entry.seconds = round(answer.seconds, 3)
        fault = fault or await self._meet_fault(call, entry)
        self.limits.spend(call.account, call.card.name, answer.usage.total_tokens)
        entry.tokens = answer.usage.total_tokens
        return await self._reply(call, answer, fault, arrived)

    async def _meet_fault(self, call: Call, entry: Entry) -> FaultRule | None:
        url = "" if is_inline(call.audio) else call.audio
        facts = Facts(
            model=call.card.name, url=url, sha256=entry.sha256 or None, seconds=entry.seconds, stream=call.stream
        )
        fault = self.faults.draw(facts)
        if fault is not None:
            entry.fault = fault.id
            await self.faults.delay(fault)
            strike(fault)
        return fault

    async def _hear(self, call: Call, audio: Audio) -> Heard:
        async def listen() -> Heard | MediaFault:
            with audio.file(self.folder) as path:
                return await self.listeners.hear(path, audio.sha256, call.card.limits)

        heard = await self.memory.recall(audio.sha256, listen)
        if isinstance(heard, MediaFault):
            raise MediaError(heard)
        return heard

    async def _reply(self, call: Call, answer: Answer, fault: FaultRule | None, arrived: float) -> Reply:
        seconds = self.pace.seconds(answer) + (slowness(fault).seconds(answer) if fault else 0.0)
        if not call.stream and seconds > call.card.limits.max_call_seconds:
            await asyncio.sleep(arrived + call.card.limits.max_call_seconds - self.clock())
            raise ServiceError(TIMED_OUT, code="RequestTimeOut")
        return Reply(
            answer=spoil(answer, fault) if fault else answer,
            due=arrived + seconds,
            cut_after=fault.cut_stream_after if fault else None,
            bytes_per_second=fault.bytes_per_second if fault else None,
        )


def note(call: Call, entry: Entry) -> None:
    """Write a call's facts into its entry; the query of a URL stays out, it may carry a signature."""
    entry.account = fingerprint(call.account)
    entry.model, entry.stream = call.card.name, call.stream
    entry.route = route_of(call.audio)
    entry.question = question_name(call)
    entry.url = "" if is_inline(call.audio) else call.audio.partition("?")[0]
