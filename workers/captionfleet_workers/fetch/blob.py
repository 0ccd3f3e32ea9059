"""`blob:sha256-<hex>` addresses: audio that was uploaded to the fleet, named by its content."""

import re
from pathlib import Path

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch import bucket
from captionfleet_workers.fetch.local import in_place
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy
from captionfleet_workers.outbound.addresses import ForbiddenAddressError

_NAME = re.compile(r"blob:(?P<name>sha256-(?P<hash>[0-9a-f]{64}))", re.ASCII)


def fetch(url: str, into: Path, policy: FetchPolicy) -> Fetched:
    """Read the blob, in a folder where it lies, and check that its content is what its name says."""
    match = _NAME.fullmatch(url)
    if match is None:
        raise ForbiddenAddressError("a blob: address is blob:sha256- and 64 hex digits")
    fetched = _stored(match["name"], into, policy)
    if fetched.sha256 != match["hash"]:
        fetched.discard()
        raise PermanentError(FailureCode.AUDIO_DAMAGED, "the stored blob is not what its name says; upload it again")
    return fetched


def _stored(name: str, into: Path, policy: FetchPolicy) -> Fetched:
    if policy.blob_root is not None:
        return in_place(policy.blob_root / name, policy.max_bytes)
    if policy.blob_bucket is not None:
        return bucket.read(policy.blob_bucket.below(name), into, policy)
    raise ForbiddenAddressError("this fleet has no blob store")
