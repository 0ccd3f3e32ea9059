"""A fleet on a broker of its own, for as long as a run takes."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.functional.emulator.origin import running_origin
from tests.functional.emulator.process import running_emulator
from tests.functional.fleet.fleet import AUDIO, Fleet, client_for, settings_for
from tests.functional.fleet.receiver import running_receiver
from tests.servers import RabbitServer, Server, rabbitmq_server, redis_server, valkey_server

Starter = Callable[[Path], AbstractContextManager[Server | RabbitServer]]
BROKERS: dict[str, Starter] = {"valkey": valkey_server, "redis": redis_server, "rabbitmq": rabbitmq_server}


@contextmanager
def fleet_on(name: str, folder: Path) -> Generator[Fleet]:
    """Ledger, broker, emulator and receiver; the folder is theirs."""
    parts = {part: folder / part for part in ("broker", "ledger", "emulator", "fleet")}
    for path in parts.values():
        path.mkdir()
    with (
        BROKERS[name](parts["broker"]) as broker,
        valkey_server(parts["ledger"]) as ledger,
        running_emulator(parts["emulator"]) as emulator,
        running_origin(AUDIO) as origin,
        running_receiver() as receiver,
    ):
        settings = settings_for(ledger.url_of(0), broker.url_of(0), emulator, parts["fleet"])
        settings |= {"CAPTIONFLEET_CACHE_DAYS": "1"}
        with client_for(settings) as client:
            yield Fleet(settings, parts["fleet"], client, emulator, origin, receiver)
