"""From the process's settings to the policies that each part of the worker takes."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from captionfleet_ledger import LedgerOptions, Rates
from captionfleet_schemas.buckets import StoreAddress
from captionfleet_schemas.catalogue import ModelCard
from captionfleet_workers.accounts import Accounts
from captionfleet_workers.fetch import FetchPolicy
from captionfleet_workers.job.quoting import Terms
from captionfleet_workers.model_accounts import ModelAccount
from captionfleet_workers.outbound import AddressPolicy
from captionfleet_workers.settings import WorkerSettings

SPARE_LEDGER_CONNECTIONS = 8
"""For the lease keeper, the sweeper and the tasks that are between two jobs."""


def ledger_options(settings: WorkerSettings) -> LedgerOptions:
    """How this process opens the ledger."""
    return LedgerOptions(
        shards=settings.ledger_shards,
        retention_days=settings.retention_days,
        lost_after=settings.lost_after,
        replicas=settings.ledger_replicas,
        replicas_timeout=settings.ledger_replicas_timeout,
        max_connections=min(settings.worker_concurrency, 64) + SPARE_LEDGER_CONNECTIONS,
    )


def audio_addresses(settings: WorkerSettings) -> AddressPolicy:
    """Which addresses audio may come from."""
    return AddressPolicy(allowed_networks=settings.allowed_networks, allow_http="http" in settings.audio_schemes)


def webhook_addresses(settings: WorkerSettings) -> AddressPolicy:
    """Which addresses webhooks may go to."""
    return AddressPolicy(allowed_networks=settings.allowed_networks, allow_http=settings.webhook_allow_http)


def fetch_policy(settings: WorkerSettings) -> FetchPolicy:
    """What a fetch may do."""
    return FetchPolicy(
        max_bytes=settings.audio_max_bytes,
        schemes=settings.audio_schemes,
        file_roots=settings.file_roots,
        blob_root=blob_root(settings.blob_url),
        blob_bucket=blob_bucket(settings.blob_url),
        buckets=tuple(map(StoreAddress.parse, settings.buckets)),
        presign=settings.presign,
        deadline=settings.audio_fetch_timeout,
        min_free_bytes=settings.spool_min_free,
    )


def rates_of(settings: WorkerSettings, account: ModelAccount, card: ModelCard) -> Rates:
    """What an account allows of this model, and what a call of it uses as documented."""
    return Rates(
        account=account.name,
        weight=account.weight,
        requests_per_second=account.rpm / 60,
        tokens_per_second=account.tpm / 60,
        ramp_seconds=settings.model_ramp,
        tokens_per_audio_second=float(card.tokens.tokens_per_second),
        hears_answers=True,
        other_tokens=card.tokens.template_tokens + card.tokens.typical_output_tokens,
    )


def quote_terms(settings: WorkerSettings, accounts: Accounts, card: ModelCard) -> Terms:
    """What a quote for this model is reckoned by: the limits of all accounts, and the prices of the first."""
    rates = accounts.together(card.name)
    return Terms(
        price=accounts.first.terms.price(card),
        requests_per_minute=rates.requests_per_second * 60,
        tokens_per_minute=rates.tokens_per_second * 60,
        max_output_tokens=settings.model_max_output_tokens or card.limits.max_output_tokens,
    )


def blob_root(blob_url: str | None) -> Path | None:
    """The folder of a `file:` blob store."""
    return Path(url2pathname(urlsplit(blob_url).path)) if blob_url and blob_url.startswith("file:") else None


def blob_bucket(blob_url: str | None) -> StoreAddress | None:
    """The place of a blob store in an object store."""
    return StoreAddress.parse(blob_url) if blob_url and not blob_url.startswith("file:") else None
