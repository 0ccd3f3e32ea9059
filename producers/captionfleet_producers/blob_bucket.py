"""Local audio made reachable for the workers: uploaded into a bucket that both sides know, named by its content."""

import hashlib
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from captionfleet_producers.errors import BlobStoreError, InvalidSettingsError
from captionfleet_schemas.buckets import PACKAGES, StoreAddress


class BlobBucket:
    """Objects named `sha256-<hex>`; the same audio is uploaded once, however often it is submitted."""

    def __init__(self, place: StoreAddress) -> None:
        """Nothing is connected yet; credentials are those that the store's SDK finds.

        Raises:
            InvalidSettingsError: the package for this kind of store is not installed.
        """
        self._place = place
        package = PACKAGES[place.scheme]
        if find_spec(package) is None:
            needed = f"install captionfleet-producers[{place.scheme}]"
            raise InvalidSettingsError(f"CAPTIONFLEET_BLOB_URL: {place.scheme}:// needs {package}: {needed}")

    def put(self, source: Path) -> str:
        """Upload a file, whole or not at all, and return its `blob:sha256-<hex>` reference.

        Raises:
            OSError: the file cannot be read.
            BlobStoreError: the store refuses or does not answer.
        """
        with source.open("rb") as audio:
            name = f"sha256-{hashlib.file_digest(audio, 'sha256').hexdigest()}"
        target = self._place.below(name).path
        try:
            if not self._store.exists(target):
                self._store.put_file(str(source), target)
        except Exception as error:
            # Its text stays out, as it can repeat a signed request.
            raise BlobStoreError(f"{source} was not stored in {self._place} ({type(error).__name__})") from error
        return f"blob:{name}"

    @cached_property
    def _store(self) -> Any:
        import fsspec  # type: ignore[import-untyped]  # it has no types

        return fsspec.filesystem(self._place.scheme, skip_instance_cache=True, use_listings_cache=False)
