"""Programs of the system that tests need: skipped where they are not installed, but never in CI."""

import os
import shutil

import pytest

from tests.servers import RABBITMQ

_IN_CI = "CI" in os.environ


def _needs(present: bool, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not present and not _IN_CI, reason=f"{package} is not installed here")


REDIS = pytest.param("redis", marks=_needs(shutil.which("redis-server") is not None, "redis-server"))
RABBIT = pytest.param("rabbitmq", marks=_needs(RABBITMQ.exists(), "rabbitmq-server"))
PROMETHEUS = _needs(shutil.which("prometheus") is not None, "prometheus")

on_every_broker = pytest.mark.parametrize("broker", ["valkey", REDIS, RABBIT], indirect=True)
on_rabbitmq = pytest.mark.parametrize("broker", [RABBIT], indirect=True)
