"""The pace of each model on each account: what is allowed, in force and used, and where the model refused."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from captionfleet_ledger import PaceState, Rates, Standing
from captionfleet_workers.metrics.gauges import Families, Key, gauge_by_all

MINUTE = 60
ACCOUNT = ("model", "account")
LIMIT = (*ACCOUNT, "unit")


class _Limit(NamedTuple):
    """One of an account's two limits."""

    key: Key
    configured: float | None
    """Per minute; None where there is none."""
    standing: Standing


def pace_families(accounts: Sequence[tuple[str, Rates]], states: Sequence[PaceState]) -> Families:
    """Gauges of limits per minute, in requests and in tokens, and of cool-downs and breakers.

    Args:
        accounts: each a model, and what an account allows of it.
        states: how the limits of each stand.
    """
    stand = {(model, rates.account): state for (model, rates), state in zip(accounts, states, strict=True)}
    limits = [limit for model, rates in accounts for limit in _limits(model, rates, stand[model, rates.account])]
    return [
        gauge_by_all(
            "fleet_pace_limit", "Per minute, as configured.", LIMIT, {limit.key: limit.configured for limit in limits}
        ),
        gauge_by_all(
            "fleet_pace_rate",
            "Per minute, in force.",
            LIMIT,
            {limit.key: limit.configured and limit.standing.rate * MINUTE for limit in limits},
        ),
        gauge_by_all(
            "fleet_pace_used",
            "By the calls that were permitted in the last minute.",
            LIMIT,
            {limit.key: limit.standing.used for limit in limits},
        ),
        gauge_by_all(
            "fleet_pace_observed_limit",
            "Per minute: where the model refused, while that holds the rate down.",
            LIMIT,
            {limit.key: limit.standing.observed and limit.standing.observed * MINUTE for limit in limits},
        ),
        gauge_by_all(
            "fleet_cool_down_seconds",
            "What is left of a cool-down.",
            ACCOUNT,
            {key: state.cool_down for key, state in stand.items()},
        ),
        gauge_by_all(
            "fleet_breaker_open",
            "Accounts that get no calls, as they are at fault or out of order.",
            ACCOUNT,
            {key: float(bool(state.fault)) for key, state in stand.items()},
        ),
    ]


def _limits(model: str, rates: Rates, state: PaceState) -> Iterator[_Limit]:
    account = (model, rates.account)
    yield _Limit((*account, "requests"), rates.requests_per_second * MINUTE or None, state.requests)
    yield _Limit((*account, "tokens"), rates.tokens_per_second * MINUTE or None, state.tokens)
