"""Addresses in object stores: `s3://bucket/key`, `gs://…`, `az://…`, and the package that reads each kind."""

import re
from dataclasses import dataclass
from typing import Self

from captionfleet_schemas import display

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}
"""By scheme, the fsspec package that a process needs; each is an extra of the same name as the scheme."""

_ADDRESS = re.compile(
    r"(?P<scheme>s3|gs|az)://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:/(?P<key>[^\x00-\x1f\x7f]{0,1024}))?",
    re.ASCII,
)
_FORM = "an address in an object store is s3://bucket/key, gs://bucket/key or az://container/key"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """An object, or all objects below a prefix. The key is taken as it is: `%20` in it is not a blank."""

    scheme: str
    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address.

        Raises:
            ValueError: it is none, or its key has a segment that is empty, `.` or `..`.
        """
        match = _ADDRESS.fullmatch(url)
        if match is None:
            raise ValueError(_FORM)
        key = (match["key"] or "").removesuffix("/")
        if key and {"", ".", ".."}.intersection(key.split("/")):
            raise ValueError(f"{_FORM}, without empty, . or .. between its slashes")
        return cls(match["scheme"], match["bucket"], key)

    @property
    def path(self) -> str:
        """Bucket and key, as fsspec names an object."""
        return f"{self.bucket}/{self.key}" if self.key else self.bucket

    def holds(self, other: "StoreAddress") -> bool:
        """Whether the other address lies below this one; a prefix ends at a slash."""
        same = (self.scheme, self.bucket) == (other.scheme, other.bucket)
        return same and (not self.key or other.key.startswith(f"{self.key}/"))

    def below(self, name: str) -> "StoreAddress":
        """The object of a name under this prefix."""
        return StoreAddress(self.scheme, self.bucket, f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return display.shown(f"{self.scheme}://{self.path}")
