"""`file:` addresses, below the folders that the operator allows."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from captionfleet_workers.fetch.local import in_place
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy
from captionfleet_workers.outbound.addresses import ForbiddenAddressError


def fetch(url: str, policy: FetchPolicy) -> Fetched:
    """Read the file where it lies; symlinks are resolved before the folder is checked.

    Raises:
        ForbiddenAddressError: it lies outside, whether or not it exists.
    """
    path = _resolved(url)
    if not any(path.is_relative_to(root.resolve()) for root in policy.file_roots):
        raise ForbiddenAddressError("the file lies outside the folders that this fleet may read")
    return in_place(path, policy.max_bytes)


def _resolved(url: str) -> Path:
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not path.is_absolute() or "\0" in str(path):
        raise ForbiddenAddressError("a file: address is file:// and an absolute path on the worker's own machine")
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        raise ForbiddenAddressError("the file's path cannot be resolved") from None
