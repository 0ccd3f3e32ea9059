"""What waits, what is at work, what comes out."""

from compose.dashboards.table import Dashboard, Panel, Query, Stat

QUEUED = "max by (lane) (captionfleet_fleet_queued{@})"
AUDIO = "max by (lane) (captionfleet:queued_audio_seconds:estimate{@})"
OLDEST = "max by (queue) (captionfleet_fleet_oldest_seconds{@})"
ENDED = "captionfleet_jobs_settled_total"
ESTIMATE = "What is queued, times the mean length of what was captioned in the same lane within a day."


def _quantiles(metric: str, label: str) -> tuple[Query, Query]:
    rates = f"sum by (le, {label}) (rate(captionfleet_{metric}_bucket{{@}}[$__rate_interval]))"
    return (
        Query(f"histogram_quantile(0.5, {rates})", f"{{{{{label}}}}}, half"),
        Query(f"histogram_quantile(0.95, {rates})", f"{{{{{label}}}}}, 95 %"),
    )


FLEET = Dashboard(
    name="fleet",
    title="captionfleet: fleet",
    rows=(
        (
            Stat("Queued", "short", Query(f"sum({QUEUED})"), note="Jobs, parts of long audio and quotes."),
            Stat("Audio that is queued, by estimate", "s", Query(f"sum({AUDIO})"), note=ESTIMATE),
            Stat("Oldest has waited", "s", Query(f"max({OLDEST})")),
            Stat("Slots busy", "percentunit", Query("sum(captionfleet_slots_busy{@}) / sum(captionfleet_slots{@})")),
            Stat("Captioned", "short", Query(f'sum(increase({ENDED}{{@,state="succeeded"}}[$__range]))')),
            Stat(
                "Failed of all",
                "percentunit",
                Query(f'sum(increase({ENDED}{{@,state="failed"}}[$__range])) / sum(increase({ENDED}{{@}}[$__range]))'),
                red_from=0.1,
            ),
        ),
        (
            Panel(
                "Jobs that the ledger holds",
                "short",
                [Query('max by (state) (captionfleet_fleet_jobs{@,state=~"queued|running|waiting"})', "{{state}}")],
                stacked=True,
            ),
            Panel("Queued", "short", [Query(QUEUED, "{{lane}}")], stacked=True),
            Panel(
                "Messages",
                "short",
                [Query("max by (queue) (captionfleet_queue_messages{@})", "{{queue}}")],
                note="Jobs that stand in line for the pace have none.",
            ),
        ),
        (
            Panel("Audio that is queued, by estimate", "s", [Query(AUDIO, "{{lane}}")], note=ESTIMATE, stacked=True),
            Panel("Oldest has waited", "s", [Query(OLDEST, "{{queue}}")]),
            Panel(
                "Slots",
                "short",
                [
                    Query("sum(captionfleet_slots{@})", "there are"),
                    Query("sum(captionfleet_slots_busy{@})", "busy"),
                ],
            ),
        ),
        (
            Panel(
                "Jobs that ended, an hour",
                "short",
                [Query(f"3600 * sum by (state) (rate({ENDED}{{@}}[$__rate_interval]))", "{{state}}")],
                stacked=True,
            ),
            Panel(
                "Jobs that failed, an hour",
                "short",
                [Query(f'3600 * sum by (code) (rate({ENDED}{{@,state="failed"}}[$__rate_interval]))', "{{code}}")],
                stacked=True,
            ),
            Panel(
                "Audio captioned, hours an hour",
                "short",
                [Query("sum by (model) (rate(captionfleet_audio_seconds_total{@}[$__rate_interval]))", "{{model}}")],
            ),
        ),
        (
            Panel("From acceptance to the start", "s", _quantiles("job_wait_seconds", "lane")),
            Panel("From the start to the end", "s", _quantiles("job_run_seconds", "state")),
            Panel("Steps", "s", _quantiles("step_seconds", "step")[1:]),
        ),
    ),
)
