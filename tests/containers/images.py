"""What holds of every image, looked at from outside and from inside."""

import json
from typing import Any

from tests.containers.engine import compose, image_of

SERVICES = ("caption", "flower", "emulator", "receiver")
LABELS = {f"org.opencontainers.image.{name}" for name in ("title", "description", "version", "revision", "licenses")}
BUILD_TOOLS = ("pip", "pip3", "uv", "gcc", "cc", "make", "git")
STRANGERS = {
    "caption": ("pip", "uv_build", "pytest", "captionfleet_producers", "captionfleet_emulator"),
    "flower": ("pip", "uv_build", "pytest", "av", "numpy", "openai", "captionfleet_producers"),
    "emulator": ("pip", "uv_build", "pytest", "celery", "redis", "captionfleet_workers"),
    "receiver": ("pip", "uv_build", "pytest", "av", "numpy", "openai", "captionfleet_workers"),
}
"""Packages that an image shall not hold."""

LOOK = f"""
import errno, importlib.util, json, os, shutil, sys
def refused(path):
    try:
        open(path, "w").close()
    except OSError as error:
        return errno.errorcode[error.errno]
print(json.dumps({{
    "ids": [os.getuid(), os.getgid()],
    "root": refused("/opt/captionfleet/x"),
    "tools": [name for name in {BUILD_TOOLS!r} if shutil.which(name)],
    "packages": [name for name in sys.argv[1:] if importlib.util.find_spec(name)],
}}))
"""


def faults_of(service: str) -> list[str]:
    """What is wrong with the image of a service, and with a container of it; nothing if all is well."""
    config = image_of(service)["Config"]
    inside = _inside(service)
    expected = {
        "user": (config["User"], "10001:10001"),
        "exec form": (config["Entrypoint"][0].startswith("captionfleet"), True),
        "labels": (LABELS - set(config["Labels"]), set[str]()),
        "ids": (inside["ids"], [10001, 10001]),
        "read-only root": (inside["root"], "EROFS"),
        "build tools": (inside["tools"], []),
        "packages": (inside["packages"], []),
    }
    return [f"{name}: {seen!r}" for name, (seen, right) in expected.items() if seen != right]


def _inside(service: str) -> dict[str, Any]:
    command = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "python", service, "-I", "-c", LOOK)
    seen: dict[str, Any] = json.loads(compose(*command, *STRANGERS[service]))
    return seen
