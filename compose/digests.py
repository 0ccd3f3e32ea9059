"""`make digests`: what the images' versions are to the byte today, written to `compose/digests.env` for compose.

A tag can be moved by whoever may write to its registry, a digest cannot. The engine asks the registries; nothing is
made up here, and a version that a registry does not have ends this with its complaint.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COMPOSE = Path(__file__).parent / "compose.yaml"
DIGESTS = Path(__file__).parent / "digests.env"

_IMAGE = re.compile(r"\$\{(?P<variable>[A-Z]+_IMAGE):-(?P<image>[^}@]+)\}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def images(text: str) -> dict[str, str]:
    """By variable, each image of others that the compose file names."""
    return {match["variable"]: match["image"] for match in _IMAGE.finditer(text)}


def digest_of(image: str) -> str:
    """What the registry says of an image, for all of its platforms together.

    Raises:
        SystemExit: there is no engine, or the registry does not have the image.
    """
    command = ("docker", "buildx", "imagetools", "inspect", image, "--format", "{{.Manifest.Digest}}")
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  the command is ours
    except OSError as error:
        raise SystemExit(f"docker is needed to ask a registry: {error.strerror}") from None
    digest = asked.stdout.strip()
    if asked.returncode != 0 or not _DIGEST.fullmatch(digest):
        raise SystemExit(f"{image}: no digest: {asked.stderr.strip() or digest or 'no answer'}")
    return digest


def lines() -> Iterator[str]:
    """The file's lines."""
    for variable, image in images(COMPOSE.read_text(encoding="utf-8")).items():
        yield f"{variable}={image}@{digest_of(image)}"


def main(into: Path = DIGESTS) -> None:
    """Ask for all of them, and write the file when all are known."""
    into.write_text("\n".join((*lines(), "")), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
