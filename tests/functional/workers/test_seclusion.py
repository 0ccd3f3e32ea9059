"""What a process of the same user sees of a worker."""

import json
import subprocess
import sys

LOOK = """
import ctypes, json, os
from captionfleet_workers.seclusion import seclude

def seen_by_a_child():
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            open(f"/proc/{os.getppid()}/environ", "rb").read()
            open(f"/proc/{os.getppid()}/mem", "rb").close()
            os.write(writer, b"everything")
        except PermissionError:
            os.write(writer, b"nothing")
        os._exit(0)
    return os.read(reader, 20).decode()

if os.getuid() == 0:
    # Root sees everything. A process that changes its user is closed already.
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
before = seen_by_a_child()
seclude()
print(json.dumps([before, seen_by_a_child()]))
"""


def test_memory_and_environment_are_closed() -> None:
    """A media child that was taken over finds neither keys nor passwords there."""
    run = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True, timeout=60)

    assert json.loads(run.stdout) == ["everything", "nothing"]
