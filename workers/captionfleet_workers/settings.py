"""The settings of a worker process, read once in `main` and passed down."""

from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from captionfleet_ledger.settings import CommaSeparated
from captionfleet_schemas.buckets import PACKAGES, StoreAddress
from captionfleet_schemas.signature import SignatureError, sign
from captionfleet_schemas.wire import BULK_QUEUE, CAPTIONS_QUEUE, DELIVERIES_QUEUE
from captionfleet_workers.model.settings import ModelSettings

Network = IPv4Network | IPv6Network


class WorkerSettings(ModelSettings):
    """Everything that a worker can be told."""

    worker_queues: Annotated[tuple[str, ...], CommaSeparated] = Field(
        default=(CAPTIONS_QUEUE, BULK_QUEUE, DELIVERIES_QUEUE),
        description="Queues that this process works on, comma-separated.",
    )
    worker_concurrency: int = Field(
        default=64, ge=1, le=1024, description="Jobs in flight in this process; each is a thread of about 0.1 MB."
    )
    worker_grace: float = Field(
        default=330.0,
        ge=0,
        description="Seconds after SIGTERM in which running calls may finish; what is left is handed back.",
    )
    worker_events: bool = Field(
        default=True, description="Send Celery's task events, which Flower shows (about 0.7 ms of CPU a task)."
    )
    worker_one_core: bool = Field(
        default=False,
        description="Keep the process's threads on one core, picked at its start: much less CPU per job with many "
        "jobs in flight. Right where workers do not outnumber the cores.",
    )
    worker_stuck_margin: float = Field(
        default=120.0,
        gt=0,
        description="Seconds beyond its own deadline after which a step, a background loop or the consumer counts as "
        "stuck: the process says where, hands its other jobs back and exits with status 70.",
    )
    worker_aside_seconds: float = Field(
        default=600.0,
        gt=0,
        description="Seconds after which a worker ends (status 71) that has stood aside for a fault of its machine: "
        "disk, open files, memory, threads or media processes. For a network or name servers that are away it waits.",
    )
    worker_liveness_file: Path | None = Field(
        default=None,
        description="File that is touched about once a second while the process makes progress; "
        "`captionfleet-worker --check` looks at its age, and `--check-ready` also at the file of that name with "
        "`.ready` behind it, which is there while the worker takes jobs. None by default.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65_535,
        description="Port on which this process serves Prometheus metrics at `/metrics`; 0 takes a free one and "
        "logs it. None by default.",
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="Address that the metrics are served on; `0.0.0.0` in a container."
    )
    traces_endpoint: str | None = Field(
        default=None,
        description="Where spans are sent, by OTLP over HTTP, such as http://collector:4318/v1/traces; needs "
        "captionfleet-workers[otel]. None by default; headers and certificates by the SDK's own `OTEL_*` variables.",
    )
    traces_proxy: bool = Field(
        default=False,
        description="Whether spans go through the proxy that the environment names (`HTTPS_PROXY`), which reads them.",
    )
    traces_ratio: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of jobs that are traced, among those whose producer has not decided it by a `traceparent`.",
    )
    media_children: int = Field(
        default=2, ge=1, le=64, description="Child processes that decode or encode audio at the same time."
    )
    lease_seconds: float = Field(
        default=30.0, ge=1, description="A job whose worker has not renewed its lease for this long is queued again."
    )
    sweep_seconds: float = Field(
        default=1.0,
        gt=0,
        description="Seconds after which this process looks again whether the ledger has to be swept; the processes of "
        "a fleet take turns. At most a sixth of a lease.",
    )
    event_queue_max: int = Field(
        default=1_000_000,
        ge=0,
        description="Messages that may wait in each of the queues that no worker reads: results, usage, alerts and "
        "dead letters. Beyond that the oldest are dropped, counted and logged, so that a queue without a reader does "
        "not fill the broker; 0 is no bound.",
    )
    max_crashes: int = Field(
        default=3, ge=1, description="Workers that may die with a job in hand before it fails as poisoned."
    )

    cache_days: float = Field(
        default=7.0,
        ge=0,
        description="Days for which a caption is remembered: a job of the same tenant with the same audio gets it "
        "again without a call. 0 remembers nothing.",
    )
    spool_dir: Path | None = Field(
        default=None,
        description="Folder for audio in flight; by default a folder of ours in the system's temporary one.",
    )
    spool_min_free: int = Field(
        default=500_000_000,
        ge=0,
        description="Bytes of the spool's disk that stay free: with less, the worker takes no jobs.",
    )
    audio_schemes: Annotated[frozenset[str], CommaSeparated] = Field(
        default=frozenset({"https", "data", "blob", "file", "s3", "gs", "az"}),
        description="Audio references that are read; add http to allow unencrypted fetches.",
    )
    audio_max_bytes: int = Field(default=1_000_000_000, ge=1, description="Largest audio file, in bytes.")
    audio_fetch_timeout: float = Field(
        default=600.0, gt=0, description="Seconds that one fetch, or one upload, may take in all."
    )
    audio_allow_silence: bool = Field(
        default=False, description="Send digital silence to the model instead of failing with audio_empty."
    )
    file_roots: Annotated[tuple[Path, ...], CommaSeparated] = Field(
        default=(), description="Folders below which file:// references may be read; none by default."
    )
    buckets: Annotated[tuple[str, ...], CommaSeparated] = Field(
        default=(),
        description="Buckets, or prefixes in them, in which s3://, gs:// and az:// references may be read, such as "
        "`s3://podcasts,gs://archive/incoming`; none by default, as a job shall not read all that the worker can.",
    )
    presign: bool = Field(
        default=False,
        description="Let the model read audio of an object store by a URL that is signed for an hour, where it is too "
        "large to go inline as it is; needs `CAPTIONFLEET_PASS_URLS`. Off by default, as such a URL leaves the house.",
    )
    allowed_networks: Annotated[tuple[Network, ...], CommaSeparated] = Field(
        default=(),
        description="Networks besides the public ones that audio and webhook addresses may lie in, such as 10.0.0.0/8.",
    )

    webhook_allow_http: bool = Field(default=False, description="Allow webhooks to http:// addresses.")
    webhook_timeout: float = Field(default=15.0, gt=0, description="Seconds that a webhook receiver has to answer.")
    webhook_content_type: Literal["application/json", "application/cloudevents+json"] = Field(
        default="application/json",
        description="Content type of webhooks. The other one is what CloudEvents asks of such a body, and what its "
        "libraries look for; some frameworks parse a body of the first one alone.",
    )
    webhook_concurrency: int = Field(
        default=32,
        ge=1,
        le=1024,
        description="Webhook attempts that a process makes at once, in threads besides its slots, where its queues "
        "include captionfleet.deliveries. An endpoint gets half of them at most while it answers within 2 s, a quarter "
        "while it is slower, and one while it hangs.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")

    @property
    def calls_no_model(self) -> bool:
        """Whether this process works on deliveries alone."""
        return not {CAPTIONS_QUEUE, BULK_QUEUE}.intersection(self.worker_queues)

    @field_validator("webhook_secrets")
    @classmethod
    def _can_sign(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        try:
            sign([secret.get_secret_value() for secret in secrets], "check", 0, b"")
        except SignatureError as error:
            raise ValueError(str(error)) from None
        return secrets

    @field_validator("buckets")
    @classmethod
    def _can_read_buckets(cls, buckets: tuple[str, ...]) -> tuple[str, ...]:
        for bucket in buckets:
            _check_package(StoreAddress.parse(bucket).scheme)
        return buckets

    @field_validator("blob_url")
    @classmethod
    def _can_read_blobs(cls, url: str | None) -> str | None:
        if url and not url.startswith("file:"):
            _check_package(StoreAddress.parse(url).scheme)
        return url


def _check_package(scheme: str) -> None:
    if find_spec(PACKAGES[scheme]) is None:
        msg = f"{scheme}:// needs {PACKAGES[scheme]}: install captionfleet-workers[{scheme}]"
        raise ValueError(msg)
