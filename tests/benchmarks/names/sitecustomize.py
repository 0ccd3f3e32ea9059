"""Gives a process one name whose address is in a file: while there is no file, the name does not resolve."""

import os
import socket
from pathlib import Path
from typing import Any

_name = os.environ["CAPTIONER_NAME"]
_system = socket.getaddrinfo
_address = Path(os.environ["CAPTIONER_ADDRESS"])


def _resolve(host: Any, *args: Any, **options: Any) -> Any:
    if host != _name:
        return _system(host, *args, **options)
    if not _address.exists():
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return _system(_address.read_text("utf-8").strip(), *args, **options)


socket.getaddrinfo = _resolve
