"""The limits that hold, and the traffic that they are held against."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from captionfleet_emulator.errors import LimitError
from captionfleet_emulator.faults.documented import error_of_code
from captionfleet_emulator.limits.terms import LimitRule, fingerprint
from captionfleet_emulator.limits.traffic import Traffic, refuses_request, refuses_tokens


@dataclass(slots=True)
class LimitBook:
    """Limits by account, which is an API key, and model.

    Args:
        initial: holds until a rule for the same accounts and models takes its place.
        clock: monotonic seconds.
    """

    initial: LimitRule
    clock: Callable[[], float]
    _rules: dict[tuple[str, str], LimitRule] = field(default_factory=dict)
    _traffic: dict[tuple[str, str], Traffic] = field(default_factory=dict)

    def admit(self, key: str, model: str, request_id: str) -> None:
        """Let a request in, which is under way until it is said to have ended.

        Raises:
            LimitError: too many came or are under way, or came too suddenly, or the free quota is used up.
        """
        account, now = fingerprint(key), self.clock()
        traffic = self._traffic_of(account, model)
        traffic.asked.add(now)
        _refuse(traffic, refuses_request(self.terms_of(account, model), traffic, now))
        traffic.admit(now, request_id)

    def end(self, account: str, model: str, request_id: str) -> None:
        """A request has ended, however it did and whether or not it was let in; `account` is a fingerprint."""
        traffic = self._traffic.get((account, model))
        if traffic is not None:
            traffic.under_way.discard(request_id)

    def spend(self, key: str, model: str, tokens: int) -> None:
        """Let an answer of so many tokens out.

        Raises:
            LimitError: too many tokens were used of late.
        """
        account, now = fingerprint(key), self.clock()
        traffic = self._traffic_of(account, model)
        _refuse(traffic, refuses_tokens(self.terms_of(account, model), traffic, tokens, now))
        traffic.spend(now, tokens)

    def terms_of(self, account: str, model: str) -> LimitRule:
        """What holds for an account, named by its fingerprint: a rule for it goes before one for the model."""
        concerning = [rule for rule in self.rules() if rule.concerns(account, model)]
        return max(concerning, key=lambda rule: (bool(rule.account), bool(rule.model)), default=LimitRule())

    def set(self, rule: LimitRule) -> None:
        """Have a rule hold from now on, in the place of the one for the same accounts and models."""
        self._rules[rule.account, rule.model] = rule

    def clear(self) -> None:
        """Have the initial limits hold again."""
        self._rules.clear()

    def rules(self) -> list[LimitRule]:
        """All rules that hold."""
        return list({(self.initial.account, self.initial.model): self.initial, **self._rules}.values())

    def restart_report(self) -> None:
        """Forget the peaks and the refusals; windows and quotas go on."""
        for traffic in self._traffic.values():
            traffic.restart(self.clock())

    def report(self) -> list[dict[str, Any]]:
        """The traffic of each account and model."""
        return [
            {"account": account, "model": model, **traffic.report()}
            for (account, model), traffic in self._traffic.items()
        ]

    def _traffic_of(self, account: str, model: str) -> Traffic:
        return self._traffic.setdefault((account, model), Traffic())


def _refuse(traffic: Traffic, code: str | None) -> None:
    if code is None:
        return
    traffic.refused[code] += 1
    error = error_of_code(code)
    raise LimitError(
        error.status, error.code, error.message, error_type=error.type, native_message=error.native_message
    )
