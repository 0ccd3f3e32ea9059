"""The emulator put together: settings in, ASGI application out."""

import contextlib
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from secrets import token_bytes

from starlette.applications import Starlette
from starlette.routing import Route

from captionfleet_emulator.admin import Admin
from captionfleet_emulator.audio.fetch import Fetcher
from captionfleet_emulator.compatible.dialect import CompatibleDialect
from captionfleet_emulator.compatible.models import Models
from captionfleet_emulator.elsewhere import ELSEWHERE
from captionfleet_emulator.endpoint import Endpoint
from captionfleet_emulator.faults.book import FaultBook
from captionfleet_emulator.journal.log import Journal
from captionfleet_emulator.keys import Keys
from captionfleet_emulator.limits.book import LimitBook
from captionfleet_emulator.listen.listeners import Listeners
from captionfleet_emulator.model.memory import Memory
from captionfleet_emulator.model.pace import Pace
from captionfleet_emulator.model.service import Service
from captionfleet_emulator.native.dialect import NativeDialect
from captionfleet_emulator.native.policy import Policies
from captionfleet_emulator.native.storage import Storage
from captionfleet_emulator.native.uploads import Uploads
from captionfleet_emulator.settings import EmulatorSettings


def build_app(settings: EmulatorSettings, folder: Path) -> Starlette:
    """Build the application; `folder` is where audio lies while it is listened to."""
    faults = FaultBook(Random(settings.seed))  # noqa: S311  the chance of faults, not of secrets
    journal = Journal(settings.logged_requests, time.monotonic, lambda: datetime.now(UTC))
    storage = Storage(folder, time.time, settings.upload_seconds)
    limits = LimitBook(settings.limits, time.monotonic)
    service = build_service(settings, faults, limits, storage, folder)
    policies = Policies(token_bytes(), time.time, settings.policy_seconds, settings.upload_megabytes)
    keys = Keys(key.get_secret_value() for key in settings.api_keys)
    endpoint = partial(Endpoint, service=service, journal=journal, keys=keys, epoch=time.time)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        service.listeners.start()
        yield
        service.listeners.close()
        await service.fetcher.close()

    routes = [
        *Models(keys, int(time.time())).routes(),
        Route("/compatible-mode/v1/chat/completions", endpoint(dialect=CompatibleDialect()).post, methods=["POST"]),
        Route(
            "/api/v1/services/aigc/multimodal-generation/generation",
            endpoint(dialect=NativeDialect()).post,
            methods=["POST"],
        ),
        *Uploads(keys, policies, storage, faults).routes(),
        *Admin(faults, limits, journal).routes(),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=ELSEWHERE)


def build_service(
    settings: EmulatorSettings, faults: FaultBook, limits: LimitBook, storage: Storage, folder: Path
) -> Service:
    """Build the model behind the dialects."""
    return Service(
        clock=time.monotonic,
        folder=folder,
        fetcher=Fetcher(folder, settings.fetch_timeout, settings.allowed_networks),
        lender=storage,
        listeners=Listeners(settings.listeners, settings.listener),
        memory=Memory(settings.remembered_audios),
        limits=limits,
        faults=faults,
        pace=Pace(
            base=settings.latency,
            per_audio_second=settings.latency_per_audio_second,
            per_output_token=settings.latency_per_output_token,
        ),
    )
