"""`make demo`: a whole fleet on this machine captions real clips, shows what came back, and is gone again."""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress

from captionfleet_producers import CaptionClient, Submission, total_of
from captionfleet_producers.settings import ProducerSettings
from captionfleet_schemas import CaptionResult, JobState
from compose.local import report
from compose.local.readiness import StackError, flower_workers
from compose.local.services import Layout
from compose.local.stack import plan, running

CLIPS = Path(__file__).parents[2] / "tests" / "audio" / "clips"
PATIENCE_SECONDS = 300.0
INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C has ended."""

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run the demo; the exit status is 0 when every clip was captioned and every webhook verified."""
    options = _options()
    clips = [Path(clip) for clip in options.audio] or sorted(CLIPS.iterdir())
    with TemporaryDirectory(prefix="captionfleet-demo-") as folder:
        layout = plan(Path(folder), _real_model() if options.real else None)
        try:
            console.print("Starting Valkey, the emulator, a worker, Flower and a webhook listener …", style="dim")
            with running(layout):
                return _show(layout, clips)
        except KeyboardInterrupt:
            console.print("Stopped.")
            return INTERRUPTED
        except StackError as error:
            console.print(f"[red]{error}[/red]")
            kept = shutil.copytree(layout.folder / "logs", Path(".local") / "demo-logs", dirs_exist_ok=True)
            console.print(f"The logs are kept in {kept}.")
            return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("audio", nargs="*", help="files to caption; the clips of this repository if none are named")
    parser.add_argument("--real", action="store_true", help="call the real model with DASHSCOPE_API_KEY; this costs")
    return parser.parse_args()


def _real_model() -> dict[str, str]:
    key = os.environ.get("DASHSCOPE_API_KEY")
    if not key:
        raise SystemExit("DASHSCOPE_API_KEY is not set; without it the demo uses the emulator (leave MODEL=real out)")
    return {"CAPTIONFLEET_MODEL_API_KEY": key}


def _show(layout: Layout, clips: Sequence[Path]) -> int:
    settings = ProducerSettings.model_validate(
        {name.removeprefix("CAPTIONFLEET_").lower(): value for name, value in layout.settings.items()}
    )
    with CaptionClient(settings) as client:
        quoted = list(client.quote_each([Submission(audio=clip) for clip in clips], timeout=PATIENCE_SECONDS))
        report.quote(console, total_of(quoted))
        results = _caption(client, layout, clips)
        webhooks = _wait_for_webhooks(layout, [result.job_id for result in results.values()])
    for clip, result in results.items():
        report.job(console, clip, result, webhooks.count(result.job_id))
    captioned = sum(result.state is JobState.SUCCEEDED for result in results.values())
    cost = sum((result.cost.total for result in results.values() if result.cost), Decimal())
    report.summary(console, len(results), captioned, cost, len(webhooks))
    console.print(f"Flower shows the worker {', '.join(flower_workers(layout))}.")
    expected = sum(_has_expected_state(clip, result) for clip, result in results.items())
    return 0 if expected == len(results) == len(webhooks) else 1


def _has_expected_state(clip: Path, result: CaptionResult) -> bool:
    silent = clip.parent == CLIPS and clip.stem == "silence"
    return result.state is (JobState.FAILED if silent else JobState.SUCCEEDED)


def _caption(client: CaptionClient, layout: Layout, clips: Sequence[Path]) -> dict[Path, CaptionResult]:
    submissions = [Submission(audio=clip, webhook=layout.webhook_url, metadata={"clip": clip.name}) for clip in clips]
    jobs = [outcome.unwrap() for outcome in client.submit_many(submissions)]
    results: dict[Path, CaptionResult] = {}
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("Captioning", total=len(clips))
        for clip, job in zip(clips, jobs, strict=True):
            results[clip] = client.wait(job.id, timeout=PATIENCE_SECONDS)
            progress.advance(bar)
    return results


def _wait_for_webhooks(layout: Layout, job_ids: Sequence[str]) -> list[str]:
    """Job ids of the deliveries whose signature the listener has verified, in their order."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not set(job_ids) <= set(verified := list(_verified(layout))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return verified


def _verified(layout: Layout) -> Iterator[str]:
    for line in (layout.folder / "logs" / "listener.out").read_text(encoding="utf-8").splitlines():
        delivery = json.loads(line)
        if "event" in delivery:
            yield delivery["event"]["subject"]


if __name__ == "__main__":
    sys.exit(main())
