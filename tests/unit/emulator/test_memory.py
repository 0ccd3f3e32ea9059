import asyncio
from collections.abc import Callable, Coroutine

import pytest

from captionfleet_emulator.listen.listeners import Heard
from captionfleet_emulator.model.memory import Memory

Listen = Callable[[], Coroutine[None, None, Heard]]


def listening(heard: list[str], name: str) -> Listen:
    """A way to listen that notes that it was used."""

    async def listen() -> Heard:
        heard.append(name)
        return Heard(1.0, name)

    return listen


def test_calls_at_once_share_one_listening() -> None:
    """Of many calls about one audio only the first listens, whether they overlap or follow."""
    heard: list[str] = []

    async def calls() -> list[object]:
        memory = Memory(2)
        together = await asyncio.gather(*(memory.recall("a", listening(heard, "a")) for _ in range(5)))
        return [*together, await memory.recall("a", listening(heard, "a"))]

    answers = asyncio.run(calls())

    assert answers == [Heard(1.0, "a")] * 6
    assert heard == ["a"]


def test_the_oldest_is_forgotten() -> None:
    """Beyond its size the memory forgets what was asked for longest ago."""
    heard: list[str] = []

    async def calls() -> None:
        memory = Memory(2)
        for name in "abacab":
            await memory.recall(name, listening(heard, name))

    asyncio.run(calls())

    assert heard == ["a", "b", "c", "b"]


def test_failures_are_not_remembered() -> None:
    """After a failure the next call listens again."""

    async def fail() -> Heard:
        raise OSError("the process died")

    async def calls() -> object:
        memory = Memory(2)
        with pytest.raises(OSError, match="the process died"):
            await memory.recall("a", fail)
        return await memory.recall("a", listening([], "a"))

    assert asyncio.run(calls()) == Heard(1.0, "a")
