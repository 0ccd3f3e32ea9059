"""What the demo prints."""

from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from captionfleet_producers import QuoteTotal
from captionfleet_schemas import CaptionResult


def job(console: Console, clip: Path, result: CaptionResult, webhooks: int) -> None:
    """One job: what was heard, what it took, and how the audio was made to fit."""
    console.print(f"\n[bold]{escape(clip.name)}[/bold]  {result.state}")
    if result.failure:
        console.print(f"  {result.failure.code}: {escape(result.failure.message)} {escape(result.failure.remedy)}")
    if result.caption:
        console.print(f"  {escape(result.caption)}")
    if result.usage:
        cost = f"${result.cost.total}" if result.cost else "no published price"
        console.print(f"  tokens   {result.usage.input_tokens} in, {result.usage.output_tokens} out; cost {cost}")
    if result.plan:
        console.print(f"  plan     {result.plan.route}: {escape(' '.join(result.plan.why))}")
    console.print(f"  webhook  {webhooks} verified")


def quote(console: Console, total: QuoteTotal) -> None:
    """What all of it will cost, before anything is paid."""
    console.print(
        f"A quote, without a call: {total.calls} calls for {total.seconds:.1f} s of audio, "
        f"about ${total.typical:.4f} by the published prices."
    )


def summary(console: Console, jobs: int, captioned: int, cost: Decimal, webhooks: int) -> None:
    """All jobs together."""
    refused = jobs - captioned
    console.print(
        f"\n{jobs} jobs: {captioned} captioned, {refused} refused before a paid call; "
        f"${cost} by the published prices; {webhooks} webhooks verified."
    )
