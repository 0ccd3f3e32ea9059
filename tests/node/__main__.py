"""Run the examples one after another and print what they say; exit status 1 if one goes wrong."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.functional.emulator.origin import Origin, running_origin
from tests.functional.emulator.process import AUDIO, Emulator, running_emulator

FOLDER = Path(__file__).parent
CLIP = "clips/renovation.wav"
HEARD = "every 0.5 to 0.6 seconds"
EXPECTED = {"plain": HEARD, "streamed": HEARD, "inline": HEARD, "omni": HEARD, "limited": "true 429 limit_requests"}


def main() -> None:
    """Start emulator and origin, and run every example."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_emulator(Path(folder)) as emulator,
        running_origin(AUDIO) as origin,
    ):
        good = [_runs(name, expected, emulator, origin) for name, expected in EXPECTED.items()]
    sys.exit(not all(good))


def _runs(name: str, expected: str, emulator: Emulator, origin: Origin) -> bool:
    if name == "limited":
        emulator.fault(status=429, code="limit_requests")
    done = subprocess.run(
        ["node", f"{name}.mjs"],
        cwd=FOLDER,
        env=os.environ
        | {
            "DASHSCOPE_API_KEY": "sk-any",
            "DASHSCOPE_BASE_URL": f"{emulator.url}/compatible-mode/v1",
            "AUDIO_URL": origin.file(CLIP),
            "AUDIO_PATH": str(AUDIO / CLIP),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    good = done.returncode == 0 and expected in done.stdout
    sys.stdout.write(f"{name}: {'ok' if good else 'FAILED'}\n{done.stdout.strip()}\n{done.stderr}\n")
    return good


if __name__ == "__main__":
    main()
