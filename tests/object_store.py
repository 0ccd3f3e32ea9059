"""A local S3 server: moto's, which really listens and keeps what it is given in memory."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import fsspec  # type: ignore[import-untyped]  # it has no types
import httpx2
from moto.server import ThreadedMotoServer

KEY = "AKIATESTTESTTESTTEST"
SECRET_KEY = "made-up-secret-key-of-the-tests"


@dataclass(frozen=True)
class ObjectStore:
    """A running server."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which an SDK finds the server and credentials for it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def files(self) -> Any:
        """What is in the server, for a test to fill and to look at."""
        return fsspec.filesystem(
            "s3",
            endpoint_url=self.url,
            key=KEY,
            secret=SECRET_KEY,
            use_listings_cache=False,
            client_kwargs={"region_name": "eu-central-1"},
        )


@contextmanager
def s3_server(*buckets: str) -> Generator[ObjectStore]:
    """Serve until the block ends, with empty buckets."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        store = ObjectStore(f"http://{host}:{port}")
        # What it keeps belongs to the process: an earlier server's buckets would still be there.
        httpx2.post(f"{store.url}/moto-api/reset").raise_for_status()
        for bucket in buckets:
            store.files.mkdir(bucket)
        yield store
    finally:
        server.stop()
