"""Docker and its compose command, as this machine has them."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMPOSE = (*shlex.split(os.environ.get("DOCKER_COMPOSE", "docker compose")), "-f", "compose/compose.yaml")
PROJECT = "captionfleet"


def run(*command: str, succeeds: bool = True, environment: Mapping[str, str] | None = None) -> str:
    """The output of a command in the repository's root.

    Raises:
        RuntimeError: it failed although it should succeed; the message is its error output.
    """
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if succeeds and done.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def compose(*words: str, environment: Mapping[str, str] | None = None) -> str:
    """The output of a compose command on the project's stack."""
    return run(*COMPOSE, *words, environment=environment)


def configuration(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The stack as compose understands it, all profiles included."""
    understood: dict[str, Any] = json.loads(
        compose("--profile", "*", "config", "--format", "json", environment=environment)
    )
    return understood


def image_of(service: str) -> dict[str, Any]:
    """What the engine knows of a service's image."""
    image = configuration()["services"][service]["image"]
    inspected: list[dict[str, Any]] = json.loads(run("docker", "image", "inspect", image))
    return inspected[0]


def leftovers() -> dict[str, list[str]]:
    """Containers, networks and volumes of the project, by kind."""
    label = f"label=com.docker.compose.project={PROJECT}"
    listings = {
        "containers": ("ps", "--all", "--quiet"),
        "networks": ("network", "ls", "--quiet"),
        "volumes": ("volume", "ls", "--quiet"),
    }
    return {kind: run("docker", *words, "--filter", label).split() for kind, words in listings.items()}
