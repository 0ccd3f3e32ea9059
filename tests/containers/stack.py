"""The life of the stack: healthy, at work, struck, gone."""

import json
import time
from collections.abc import Mapping

from tests.containers.engine import compose, configuration, leftovers, run

CLIPS = 9
SILENT_LOGIN = "import urllib.request as u; u.urlopen('http://127.0.0.1:5555/workers')"


def comes_up(environment: Mapping[str, str]) -> list[str]:
    """`up --wait` ends with every service healthy."""
    compose("up", "-d", "--wait", "--wait-timeout", "240", environment=environment)
    rows = [json.loads(line) for line in compose("ps", "--format", "json", environment=environment).splitlines()]
    return [f"{row['Service']} is {row['Health'] or row['State']}" for row in rows if row["Health"] != "healthy"]


def captions_the_clips(environment: Mapping[str, str]) -> list[str]:
    """The demo job captions every clip, and each webhook is verified."""
    said = compose("run", "--rm", "-T", "demo", environment=environment)
    captioned = said.count("succeeded\n")
    verified = compose("--profile", "demo", "logs", "receiver", environment=environment).count("verified")
    return [
        *([] if captioned == CLIPS else [f"{captioned} of {CLIPS} clips captioned"]),
        *([] if verified >= CLIPS else [f"{verified} of {CLIPS} webhooks verified"]),
    ]


def flower_asks_for_a_login(environment: Mapping[str, str]) -> list[str]:
    """Flower shows nothing to a visitor without a login."""
    probe = f"try:\n    {SILENT_LOGIN}\nexcept Exception as error:\n    print(error)"
    said = compose("exec", "-T", "flower", "python", "-I", "-c", probe, environment=environment)
    return [] if "401" in said else [f"Flower answered without a login: {said!r}"]


def backend_is_shut(environment: Mapping[str, str]) -> list[str]:
    """What holds the data has no way out: its one network is internal."""
    services, networks = (configuration(environment)[kind] for kind in ("services", "networks"))
    return [
        f"{name} is on {network}"
        for name in ("valkey", "rabbitmq")
        for network in services[name]["networks"]
        if not networks[network].get("internal")
    ]


def loses_nothing(environment: Mapping[str, str]) -> list[str]:
    """A worker container that is killed with jobs in hand is started again, and every job ends with a caption."""
    _emulator("fault", "--latency", "6", environment=environment)
    ids = [
        json.loads(line)["id"]
        for line in _client("submit", "--again", "--no-cache", "--json", "/clips.csv", environment=environment)
    ]
    _until_running(environment)
    run("docker", "kill", "--signal", "KILL", *compose("ps", "--quiet", "caption", environment=environment).split())
    _emulator("faults", "--clear", environment=environment)
    compose("up", "-d", "--wait", environment=environment)
    results = [
        json.loads(line) for line in _client("wait", "--json", "--timeout", "300", *ids, environment=environment)
    ]
    again = [result for result in results if result["attempts"] > 1]
    return [
        *(f"{result['job_id']} {result['state']}" for result in results if result["state"] != "succeeded"),
        *([] if len(results) == len(ids) == CLIPS else [f"{len(results)} results of {len(ids)} jobs"]),
        *([] if again else ["no job was struck"]),
    ]


def goes_down(environment: Mapping[str, str]) -> list[str]:
    """`down --volumes` leaves no container, network or volume, and waits for no worker that is idle."""
    began = time.monotonic()
    compose("--profile", "*", "down", "--volumes", environment=environment)
    patient = [] if time.monotonic() - began < 60 else ["idle workers took more than a minute to stop"]
    return patient + [f"{kind} left: {names}" for kind, names in leftovers().items() if names]


def _until_running(environment: Mapping[str, str]) -> None:
    deadline = time.monotonic() + 60
    while not json.loads(_client("status", "--json", environment=environment)[0])["jobs"]["running"]:
        if time.monotonic() > deadline:
            raise RuntimeError("no job began within a minute")


def _client(*words: str, environment: Mapping[str, str]) -> list[str]:
    return compose("run", "--rm", "-T", "--no-deps", "demo", *words, environment=environment).splitlines()


def _emulator(*words: str, environment: Mapping[str, str]) -> None:
    compose("exec", "-T", "emulator", "captionfleet-emulator", *words, environment=environment)
