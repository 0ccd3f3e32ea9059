"""What a fetch may do, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from captionfleet_schemas.buckets import StoreAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """What the operator allows. Times are seconds, sizes bytes."""

    max_bytes: int = 1_000_000_000
    schemes: frozenset[str] = frozenset({"https", "data"})
    """Which addresses the web schemes may reach is the client's own policy."""
    file_roots: tuple[Path, ...] = ()
    """`file:` reads below these folders alone."""
    blob_root: Path | None = None
    """Where `blob:sha256-<hex>` is the file `sha256-<hex>`."""
    blob_bucket: StoreAddress | None = None
    """Likewise in an object store."""
    buckets: tuple[StoreAddress, ...] = ()
    """`s3:`, `gs:` and `az:` read in these alone."""
    presign: bool = False
    """Have a URL signed for what is read from an object store, for the model."""
    deadline: float = 600.0
    """For one fetch from first connect to last byte, redirects and resumptions included."""
    max_redirects: int = 20
    """As browsers follow; each address is checked."""
    max_resumes: int = 5
    """Times that a body may break off."""
    max_answers: int = 10_000
    """Parts that a body may come in."""
    min_free_bytes: int = 500_000_000
    """Disk space that a fetch leaves free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a job says about where its audio is."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """For the origin of a web address, such as Authorization. Other schemes have no use for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where audio can be had from the web, and what its server said about it."""

    url: str = field(repr=False)
    """After redirects. It may be signed, which makes it a secret."""
    content_length: int | None
    content_type: str | None
    public: bool
    """The address is public, so that the model's own service can reach it too."""
    presigned: bool = False
    """It was signed by the fleet for this job, and is the address of an object of its own store."""
    with_headers: bool = False
    """It was asked with headers of the job's own, without which it may answer otherwise."""
    with_cookies: bool = False
    """It was asked with cookies that it had set on the way, without which it may answer otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Audio on the local disk."""

    path: Path
    bytes: int
    sha256: str
    """Lower-case hex."""
    origin: Origin | None = None
    temporary: bool = True
    """False for a `file:` or `blob:` that is read where it lies."""

    def discard(self) -> None:
        """Remove a spooled copy; a file that lies elsewhere is left alone."""
        if self.temporary:
            self.path.unlink(missing_ok=True)
