"""The rules that are switched on, and the drawing of a call's fate."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random

from captionfleet_emulator.faults.rule import FaultRule


class Stage(Enum):
    """How far a call has come, and with it what is known of its audio."""

    ARRIVED = auto()
    FETCHED = auto()
    HEARD = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule can know about a call: `sha256` once the audio is there, `seconds` once it has been heard.

    Of an upload, which is no call, it knows model and address.
    """

    model: str
    url: str
    sha256: str | None = None
    seconds: float | None = None
    stream: bool
    upload: bool = False


@dataclass(slots=True)
class Standing:
    """A rule and how often it has struck."""

    rule: FaultRule
    struck: int = 0
    switched_off: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def left(self) -> int | None:
        """Strikes left, or None for a rule without end."""
        return None if self.rule.times is None else self.rule.times - self.struck


class FaultBook:
    """Rules in the order in which they came; one with the id of an older one takes its place."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._standing: dict[str, Standing] = {}

    def add(self, rule: FaultRule) -> Standing:
        """Switch a rule on."""
        self.remove(rule.id)
        self._standing[rule.id] = Standing(rule)
        return self._standing[rule.id]

    def remove(self, rule_id: str) -> bool:
        """Switch one rule off; False if there is none of that id."""
        standing = self._standing.pop(rule_id, None)
        if standing is None:
            return False
        standing.switched_off.set()
        return True

    def clear(self) -> None:
        """Switch all rules off."""
        for rule_id in list(self._standing):
            self.remove(rule_id)

    async def delay(self, rule: FaultRule) -> None:
        """Return when a call that this rule strikes may go on. Call it as soon as the rule is drawn."""
        switched_off = self._standing[rule.id].switched_off
        await asyncio.sleep(rule.latency)
        if rule.hold:
            await switched_off.wait()

    def standing(self) -> list[Standing]:
        """All rules, also those that have struck for the last time."""
        return list(self._standing.values())

    def draw(self, facts: Facts) -> FaultRule | None:
        """The rule that strikes this call, if any.

        Each rule is drawn as soon as all that it asks about is known, and only then, so that a call passes it once.
        """
        for standing in self._standing.values():
            if standing.left != 0 and matches(standing.rule, facts) and self._falls(standing.rule.probability):
                standing.struck += 1
                return standing.rule
        return None

    def _falls(self, probability: float) -> bool:
        return probability >= 1 or self._random.random() < probability


def matches(rule: FaultRule, facts: Facts) -> bool:
    """Whether a rule is meant for such a call."""
    return (
        rule.expired_policy is facts.upload
        and (rule.model in (None, facts.model))
        and (rule.url_contains is None or rule.url_contains in facts.url)
        and (rule.cut_stream_after is None or facts.stream)
        and _stage_of_rule(rule) is _stage_of_facts(facts)
        and (rule.sha256_prefix is None or (facts.sha256 or "").startswith(rule.sha256_prefix.lower()))
        and (rule.longer_than is None or (facts.seconds or 0.0) > rule.longer_than)
    )


def _stage_of_rule(rule: FaultRule) -> Stage:
    if rule.longer_than is not None:
        return Stage.HEARD
    return Stage.ARRIVED if rule.sha256_prefix is None else Stage.FETCHED


def _stage_of_facts(facts: Facts) -> Stage:
    if facts.seconds is not None:
        return Stage.HEARD
    return Stage.ARRIVED if facts.sha256 is None else Stage.FETCHED
