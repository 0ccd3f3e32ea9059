"""Gives a process one name whose address is in a file: while there is no file, the name does not resolve."""

import os
import socket
from pathlib import Path
from typing import Any

_system = socket.getaddrinfo


def _resolve(host: Any, *args: Any, **options: Any) -> Any:
    if host != os.environ.get("CAPTIONER_NAME"):
        return _system(host, *args, **options)
    address = Path(os.environ["CAPTIONER_ADDRESS"])
    if not address.exists():
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return _system(address.read_text("utf-8"), *args, **options)


socket.getaddrinfo = _resolve
