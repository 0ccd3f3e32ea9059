"""`blob:sha256-<hex>` addresses: audio that was uploaded to the fleet, named by its content."""

import re

from captionfleet_schemas import FailureCode
from captionfleet_workers.errors import PermanentError
from captionfleet_workers.fetch.local import in_place
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy
from captionfleet_workers.outbound.addresses import ForbiddenAddressError

_NAME = re.compile(r"blob:(?P<name>sha256-(?P<hash>[0-9a-f]{64}))", re.ASCII)


def fetch(url: str, policy: FetchPolicy) -> Fetched:
    """Read the blob where it lies and check that its content is what its name says."""
    match = _NAME.fullmatch(url)
    if policy.blob_root is None or match is None:
        raise ForbiddenAddressError("a blob: address is blob:sha256- and 64 hex digits, on a fleet with a blob store")
    fetched = in_place(policy.blob_root / match["name"], policy.max_bytes)
    if fetched.sha256 != match["hash"]:
        raise PermanentError(FailureCode.AUDIO_DAMAGED, "the stored blob is not what its name says; upload it again")
    return fetched
