"""`captionfleet-flower`: Flower over this fleet's broker, with a login, read-only."""

import argparse
from pathlib import Path

from celery import Celery
from pydantic import Field, SecretStr, ValidationError

from captionfleet_ledger.settings import FleetSettings, explain
from captionfleet_schemas.broker import celery_options

SAVE_MILLISECONDS = 60_000
"""Flower also saves when it is told to stop; this is what a crash may cost."""


class FlowerSettings(FleetSettings):
    """What Flower can be told."""

    flower_host: str = Field(default="127.0.0.1", description="Address that Flower listens on.")
    flower_port: int = Field(default=5555, ge=1, le=65535, description="Port that Flower listens on.")
    flower_basic_auth: SecretStr = Field(
        description="`user:password`, several separated by commas. Flower does not start without."
    )
    flower_max_tasks: int = Field(default=10_000, ge=1, description="Tasks that Flower keeps in memory.")
    flower_db: Path | None = Field(
        default=None,
        description="File in which Flower keeps the tasks that it has seen, across restarts; none by default.",
    )


def main(arguments: list[str] | None = None) -> None:
    """Run Flower until it is told to stop."""
    argparse.ArgumentParser(
        prog="captionfleet-flower",
        description="Web page with the fleet's workers and tasks. It is configured by CAPTIONFLEET_* variables alone: "
        "CAPTIONFLEET_BROKER_URL, CAPTIONFLEET_FLOWER_HOST, CAPTIONFLEET_FLOWER_PORT, and "
        "CAPTIONFLEET_FLOWER_BASIC_AUTH=user:password, which has to be set.",
    ).parse_args(arguments)
    try:
        settings = FlowerSettings()  # pyright: ignore[reportCallIssue]  the environment gives the login
    except ValidationError as error:
        raise SystemExit(explain(error)) from None
    except OSError as error:
        raise SystemExit(f"A file that a setting names cannot be read: {error}") from None
    _change_pages()
    app = Celery("captionfleet", set_as_current=False)
    app.conf.update(celery_options(settings.broker_url.get_secret_value()))
    app.start(
        [
            "flower",
            f"--address={settings.flower_host}",
            f"--port={settings.flower_port}",
            f"--basic_auth={settings.flower_basic_auth.get_secret_value()}",
            f"--max_tasks={settings.flower_max_tasks}",
            "--read_only",
            "--purge_offline_workers=300",
            *_persistence(settings.flower_db),
        ]
    )


def _change_pages() -> None:
    """Flower answers `/metrics` to everyone, login or not, and its page of queues leaves out what no worker reads."""
    from flower.urls import handlers  # type: ignore[import-untyped]  # the package ships no types
    from flower.views.broker import BrokerView  # type: ignore[import-untyped]  # likewise
    from flower.views.monitor import Metrics  # type: ignore[import-untyped]  # likewise
    from tornado.web import url

    from captionfleet_workers.flower_queues import QueuesView

    handlers.remove(("/metrics", Metrics))
    place = next(number for number, one in enumerate(handlers) if getattr(one, "handler_class", None) is BrokerView)
    handlers[place] = url(r"/broker", QueuesView, name="broker")


def _persistence(db: Path | None) -> list[str]:
    return [f"--db={db}", "--persistent=True", f"--state_save_interval={SAVE_MILLISECONDS}"] if db else []
