"""The calls of a model, its limits, its bill."""

from compose.dashboards.table import Dashboard, Panel, Query, Stat

CALLS = "captionfleet_model_calls_total"
SECONDS = "sum by (le) (rate(captionfleet_model_call_seconds_bucket{@}[$__rate_interval]))"
LENGTHS = "sum by (le, lane) (rate(captionfleet_captioned_audio_seconds_bucket{job=~'$job'}[$__rate_interval]))"
COST = "captionfleet_cost_usd_total"
DRIFT = f"sum(increase({COST}{{@}}[$__range])) / sum(increase(captionfleet_expected_cost_usd_total{{@}}[$__range]))"


def _pace(unit: str) -> list[Query]:
    names = {
        "limit": "configured",
        "rate": "in force",
        "used": "used in the last minute",
        "observed_limit": "where the model refused",
    }
    return [
        Query(f'max by (account) (captionfleet_fleet_pace_{name}{{@,unit="{unit}"}})', f"{{{{account}}}} {legend}")
        for name, legend in names.items()
    ]


MODEL = Dashboard(
    name="model",
    title="captionfleet: model",
    by_model=True,
    rows=(
        (
            Stat("Calls", "short", Query(f"sum(increase({CALLS}{{@}}[$__range]))")),
            Stat(
                "Answered of all",
                "percentunit",
                Query(
                    f'sum(increase({CALLS}{{@,verdict="answered"}}[$__range])) / sum(increase({CALLS}{{@}}[$__range]))'
                ),
            ),
            Stat("Cost", "currencyUSD", Query(f"sum(increase({COST}{{@}}[$__range]))"), note="By the price table."),
            Stat("Bill over quotes", "percentunit", Query(DRIFT), note="What the same answers were expected to cost."),
            Stat(
                "Cool-down",
                "s",
                Query("max(captionfleet_fleet_cool_down_seconds{@})"),
                note="What is left.",
                red_from=1,
            ),
        ),
        (
            Panel(
                "Calls a minute, by verdict",
                "short",
                [Query(f"60 * sum by (verdict) (rate({CALLS}{{@}}[$__rate_interval]))", "{{verdict}}")],
                note="What the error catalogue says to do after a call: docs/metrics.md.",
                stacked=True,
            ),
            Panel(
                "Calls a minute without an answer, by reason",
                "short",
                [
                    Query(
                        f'60 * sum by (reason) (rate({CALLS}{{@,verdict!="answered"}}[$__rate_interval]))',
                        "{{reason}}",
                    )
                ],
                stacked=True,
            ),
            Panel(
                "Seconds of an answered call",
                "s",
                [
                    Query(f"histogram_quantile({share}, {SECONDS})", legend)
                    for share, legend in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))
                ],
            ),
        ),
        (
            Panel("Requests a minute", "short", _pace("requests"), note="Empty without limits."),
            Panel("Tokens a minute", "short", _pace("tokens"), note="Empty without limits."),
            Panel(
                "Cool-down",
                "s",
                [Query("max by (model, account) (captionfleet_fleet_cool_down_seconds{@})", "{{model}} {{account}}")],
            ),
            Panel(
                "Breakers open",
                "short",
                [Query("max by (model, account) (captionfleet_fleet_breaker_open{@})", "{{model}} {{account}}")],
                note="Accounts that get no calls, as they are at fault or out of order.",
            ),
        ),
        (
            Panel(
                "Tokens a minute, as the model counted them",
                "short",
                [
                    Query(
                        "60 * sum by (direction) (rate(captionfleet_tokens_total{@}[$__rate_interval]))",
                        "{{direction}}",
                    )
                ],
                stacked=True,
            ),
            Panel(
                "Cost an hour",
                "currencyUSD",
                [
                    Query(f"3600 * sum(rate({COST}{{@}}[$__rate_interval]))", "bill"),
                    Query("3600 * sum(rate(captionfleet_expected_cost_usd_total{@}[$__rate_interval]))", "quotes"),
                ],
            ),
            Panel(
                "Length of the audio",
                "s",
                [
                    Query(f"histogram_quantile({share}, {LENGTHS})", f"{{{{lane}}}}, {legend}")
                    for share, legend in ((0.5, "half"), (0.95, "95 %"))
                ],
                note="Whole jobs and parts that were captioned, of all models.",
            ),
        ),
    ),
)
