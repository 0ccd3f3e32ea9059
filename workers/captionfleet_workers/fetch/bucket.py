"""`s3:`, `gs:` and `az:` addresses, in the buckets that the operator lists."""

import time
from pathlib import Path

from captionfleet_schemas.buckets import StoreAddress
from captionfleet_workers.errors import AudioUnavailableError
from captionfleet_workers.fetch import stores
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy, Origin
from captionfleet_workers.fetch.spool import spooling
from captionfleet_workers.outbound.addresses import ForbiddenAddressError
from captionfleet_workers.outbound.deadline import check_deadline


def fetch(url: str, into: Path, policy: FetchPolicy) -> Fetched:
    """Read an object into a spool file.

    Raises:
        ForbiddenAddressError: it lies in no bucket of the operator's list, whether or not it exists.
    """
    try:
        address = StoreAddress.parse(url)
    except ValueError as error:
        raise ForbiddenAddressError(str(error)) from None
    if not any(bucket.holds(address) for bucket in policy.buckets):
        raise ForbiddenAddressError(f"{address} lies in none of the buckets that this fleet may read")
    return read(address, into, policy)


def read(address: StoreAddress, into: Path, policy: FetchPolicy) -> Fetched:
    """Read an object that may be read."""
    end = time.monotonic() + policy.deadline
    size = stores.size_of(address)
    with spooling(into, policy) as spool:
        spool.expect(size)
        for chunk in stores.chunks_of(address):
            spool.write(chunk)
            check_deadline()
            if time.monotonic() > end:
                raise AudioUnavailableError(f"{address} was not delivered in time")
        return spool.fetched(_signed(address, size) if policy.presign else None)


def _signed(address: StoreAddress, size: int) -> Origin | None:
    url = stores.signed_url(address)
    return Origin(url=url, content_length=size, content_type=None, public=False, presigned=True) if url else None
