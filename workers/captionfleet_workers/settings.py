"""The settings of a worker process, read once in `main` and passed down."""

from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, Json, SecretStr, ValidationInfo, field_validator

from captionfleet_ledger.settings import CommaSeparated, FleetSettings
from captionfleet_schemas.buckets import PACKAGES, StoreAddress
from captionfleet_schemas.catalogue import CAPTIONER, MODELS
from captionfleet_schemas.signature import SignatureError, sign
from captionfleet_schemas.wire import BULK_QUEUE, CAPTIONS_QUEUE, DELIVERIES_QUEUE
from captionfleet_workers.model_accounts import Dialect, ModelAccount, base_url, checked

Network = IPv4Network | IPv6Network


class WorkerSettings(FleetSettings):
    """Everything that a worker can be told."""

    model_dialect: Dialect = Field(
        default="openai",
        description="Wire format of the model's API: openai and dashscope are the vendor's two, vllm is for weights "
        "that you serve yourself under the name of `CAPTIONFLEET_MODEL_NAME`.",
    )
    model_base_url: str = Field(
        default="",
        validate_default=True,
        description="Base URL of the model's API; by default the Singapore one of the dialect, and vLLM has none. It "
        "ends in `/compatible-mode/v1` (openai), `/api/v1` (dashscope) or `/v1` (vllm). Keys are bound to a region, so "
        "this and the key go together.",
    )
    model_api_key: SecretStr | None = Field(default=None, description="Key of the model's API.")
    dashscope_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="DASHSCOPE_API_KEY",
        description="The vendor's own variable, taken when `CAPTIONFLEET_MODEL_API_KEY` is not set.",
    )
    model_name: str = Field(default=CAPTIONER, description="Model for jobs that name none and have no prompt.")
    model_region: str = Field(default="singapore", description="Region whose prices are used: singapore or beijing.")
    model_rpm: float = Field(
        default=60.0, ge=0, description="Requests per minute that the whole fleet may make; 0 is unlimited."
    )
    model_tpm: float = Field(
        default=100_000.0, ge=0, description="Tokens per minute, in and out, of the whole fleet; 0 is unlimited."
    )
    model_ramp: float = Field(
        default=15.0,
        ge=0,
        description="Seconds in which the rate of calls grows from a quarter to the whole after idleness, as the "
        "service refuses traffic that grows too fast; 0 is at once.",
    )
    model_accounts: Json[tuple[ModelAccount, ...]] = Field(
        default=(),
        validate_default=False,
        description="Several accounts or regions instead of the one that the variables above describe, as JSON: "
        '`[{"name": "sg", "api_key": "sk-…", "weight": 3}, {"name": "cn", "api_key": "sk-…", "region": "beijing", '
        '"base_url": "https://dashscope.aliyuncs.com/compatible-mode/v1"}]`; also `dialect`, `rpm` and `tpm`, '
        "each with the default of the variable of its name. `weight` divides the calls that several could take; 0 "
        "stands by until the others are down. Best given as a file, as it holds keys.",
    )
    model_call_timeout: float = Field(
        default=310.0, gt=0, description="Seconds that one call may take in all. A plain call ends at 300 s by itself."
    )
    model_max_output_tokens: int | None = Field(
        default=None, ge=1, le=32_768, description="Upper bound of a caption in tokens; none is the model's own limit."
    )
    model_max_seconds: float | None = Field(
        default=None,
        ge=10,
        description="Most seconds of audio in one call; longer audio is captioned in parts. None is what the model "
        "documents, or has turned out to take.",
    )
    model_first_probe: float = Field(
        default=60.0,
        gt=0,
        description="Seconds after which one job is let through a pause that a fault of the account began; each later "
        "probe waits twice as long, up to 10 minutes.",
    )
    pass_urls: bool = Field(
        default=True, description="Let the model fetch public audio itself where format, size and origin allow."
    )
    pass_private_urls: bool = Field(
        default=False, description="Likewise for addresses that are not public: for a model in one's own network."
    )
    temporary_upload: bool = Field(
        default=True,
        description="Bring audio that is too large to go inline as it is to the model's own temporary storage, instead "
        "of sending a smaller copy of it. For the dialects openai and dashscope at the vendor's service, which keeps a "
        "file for 48 hours, for the account of the key alone, and does not promise to keep up with many uploads; a "
        "blob store that presigns (CAPTIONFLEET_PRESIGN) comes before it.",
    )
    stream_after: float = Field(
        default=600.0, ge=0, description="Audio longer than this many seconds is captioned by a streaming call."
    )

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
    def api_key(self) -> SecretStr | None:
        """The key for the model's API, from whichever variable it was given in."""
        return self.model_api_key or self.dashscope_api_key

    @property
    def accounts(self) -> tuple[ModelAccount, ...]:
        """The accounts that may be called: those that are listed, or the one of the single variables."""
        return self.model_accounts or (
            ModelAccount(
                api_key=self.api_key,
                dialect=self.model_dialect,
                base_url=self.model_base_url,
                region=self.model_region,
                rpm=self.model_rpm,
                tpm=self.model_tpm,
            ),
        )

    @property
    def calls_no_model(self) -> bool:
        """Whether this process works on deliveries alone."""
        return not {CAPTIONS_QUEUE, BULK_QUEUE}.intersection(self.worker_queues)

    @field_validator("model_base_url")
    @classmethod
    def _suits_the_dialect(cls, url: str, info: ValidationInfo) -> str:
        # A dialect that is none has been complained of already.
        dialect = info.data.get("model_dialect", "openai")
        return base_url(url, dialect)

    @field_validator("model_accounts")
    @classmethod
    def _can_be_told_apart(cls, accounts: tuple[ModelAccount, ...]) -> tuple[ModelAccount, ...]:
        return checked(accounts)

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

    @field_validator("model_name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in MODELS:
            msg = f"unknown model; known are {', '.join(sorted(MODELS))}"
            raise ValueError(msg)
        return name


def _check_package(scheme: str) -> None:
    if find_spec(PACKAGES[scheme]) is None:
        msg = f"{scheme}:// needs {PACKAGES[scheme]}: install captionfleet-workers[{scheme}]"
        raise ValueError(msg)
