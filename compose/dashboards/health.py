"""Whether results reach their receivers, and whether the fleet looks after itself."""

from compose.dashboards.table import Dashboard, Panel, Query, Stat

ATTEMPTS = "captionfleet_webhook_attempts_total"
DELIVERIES = 'max(captionfleet_queue_messages{@,queue="captionfleet.deliveries"})'

HEALTH = Dashboard(
    name="health",
    title="captionfleet: delivery and health",
    rows=(
        (
            Stat("Ledger answers", "bool_yes_no", Query("max(captionfleet_ledger_up{@})"), green_from=1),
            Stat("Broker answers", "bool_yes_no", Query("max(captionfleet_broker_up{@})"), green_from=1),
            Stat("Workers", "short", Query("sum(up{@})"), note="Processes that are scraped.", green_from=1),
            Stat("Dead jobs", "short", Query("max(captionfleet_fleet_dead_jobs{@})"), red_from=1),
            Stat("Pauses", "short", Query("sum(max by (scope) (captionfleet_fleet_paused{@}))"), red_from=1),
            Stat(
                "Breakers open",
                "short",
                Query("sum(max by (model, account) (captionfleet_fleet_breaker_open{@}))"),
                red_from=1,
            ),
            Stat("Endpoints switched off", "short", Query("max(captionfleet_fleet_disabled_endpoints{@})")),
            Stat(
                "Alerts",
                "short",
                Query('count(ALERTS{alertname=~"Captionfleet.+",alertstate="firing"}) or vector(0)'),
                red_from=1,
            ),
        ),
        (
            Panel(
                "Webhook attempts a minute, by what they came to",
                "short",
                [Query(f"60 * sum by (state) (rate({ATTEMPTS}{{@}}[$__rate_interval]))", "{{state}}")],
                note="pending: another attempt follows. disabled: the endpoint has answered 410 Gone.",
                stacked=True,
            ),
            Panel(
                "Attempts that did not deliver",
                "percentunit",
                [
                    Query(
                        f'sum(rate({ATTEMPTS}{{@,state!="delivered"}}[$__rate_interval]))'
                        f" / sum(rate({ATTEMPTS}{{@}}[$__rate_interval]))",
                        "of all",
                    )
                ],
            ),
            Panel(
                "Deliveries that wait",
                "short",
                [
                    Query(DELIVERIES, "messages"),
                    Query("max by (state) (captionfleet_fleet_deliveries{@})", "due, {{state}}"),
                    Query("sum by (state) (captionfleet_deliveries_in_hand{@})", "in hand, {{state}}"),
                ],
                note="postponed: deliveries to their endpoint have failed, and it is left alone for a while.",
            ),
        ),
        (
            Panel(
                "Sweeps a minute",
                "short",
                [Query("60 * sum by (outcome) (rate(captionfleet_sweeps_total{@}[$__rate_interval]))", "{{outcome}}")],
            ),
            Panel(
                "Chores that sweeps found, a minute",
                "short",
                [
                    Query(
                        "60 * sum by (chore) (rate(captionfleet_sweep_chores_total{@}[$__rate_interval]))", "{{chore}}"
                    )
                ],
                stacked=True,
            ),
            Panel("Pauses", "short", [Query("max by (scope) (captionfleet_fleet_paused{@})", "{{scope}}")]),
        ),
        (
            Panel(
                "Ledger and broker answer",
                "short",
                [
                    Query("min(captionfleet_ledger_up{@})", "ledger, to every worker"),
                    Query("min(captionfleet_broker_up{@})", "broker, to every worker"),
                ],
            ),
            Panel("Processes that are scraped", "short", [Query("sum by (job) (up{@})", "{{job}}")]),
            Panel(
                "Dead jobs and endpoints",
                "short",
                [
                    Query("max(captionfleet_fleet_dead_jobs{@})", "dead jobs"),
                    Query("max(captionfleet_fleet_disabled_endpoints{@})", "endpoints switched off"),
                    Query("max(captionfleet_fleet_resting_endpoints{@})", "endpoints left alone"),
                ],
            ),
        ),
    ),
)
