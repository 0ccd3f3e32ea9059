"""Where local audio goes so that workers can read it: a folder or a bucket, by `CAPTIONFLEET_BLOB_URL`."""

from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from captionfleet_producers.blob_bucket import BlobBucket
from captionfleet_producers.blobs import BlobFolder
from captionfleet_producers.errors import InvalidSettingsError
from captionfleet_schemas.buckets import StoreAddress
from captionfleet_schemas.display import shown


class BlobStore(Protocol):
    """A place for files, each named by its content."""

    def put(self, source: Path) -> str:
        """Store a file and return its `blob:sha256-<hex>` reference."""
        ...


def blob_store(url: str) -> BlobStore:
    """The store of a `file:///…`, `s3://…`, `gs://…` or `az://…` address.

    Raises:
        InvalidSettingsError: it is another kind of address, or its package is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path.startswith("/"):
        return BlobFolder(Path(url2pathname(parts.path)))
    try:
        return BlobBucket(StoreAddress.parse(url))
    except ValueError:
        form = "neither a folder such as file:///var/lib/blobs nor a bucket such as s3://uploads"
        raise InvalidSettingsError(f"CAPTIONFLEET_BLOB_URL: {form}: {shown(url)}") from None
