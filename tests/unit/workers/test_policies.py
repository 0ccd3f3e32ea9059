"""From the settings to what each part of a worker may do."""

from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path

import pytest

from captionfleet_schemas import Usage
from captionfleet_schemas.catalogue import CAPTIONER, model_card
from captionfleet_schemas.cost import cost_of
from captionfleet_workers import policies
from captionfleet_workers.accounts import Accounts
from captionfleet_workers.settings import WorkerSettings
from tests.unit.workers.making import make_account

OFFICE = ip_network("10.1.0.0/16")


def test_defaults_allow_public_https_alone() -> None:
    """What an operator has not asked for is not reached."""
    settings = WorkerSettings()

    audio, webhooks = policies.audio_addresses(settings), policies.webhook_addresses(settings)
    fetching = policies.fetch_policy(settings)

    assert (audio.allow_http, audio.allowed_networks) == (False, ())
    assert (webhooks.allow_http, webhooks.allowed_networks) == (False, ())
    assert (fetching.file_roots, fetching.blob_root) == ((), None)
    assert "http" not in fetching.schemes


def test_http_is_allowed_apart_for_audio_and_webhooks() -> None:
    """The one says nothing about the other; allowed networks count for both."""
    audio = WorkerSettings(audio_schemes=frozenset({"http"}), allowed_networks=(OFFICE,))
    webhooks = WorkerSettings(webhook_allow_http=True, allowed_networks=(OFFICE,))

    allowed = [
        (policies.audio_addresses(settings).allow_http, policies.webhook_addresses(settings).allow_http)
        for settings in (audio, webhooks)
    ]

    assert allowed == [(True, False), (False, True)]
    assert policies.audio_addresses(audio).allowed_networks == (OFFICE,)
    assert policies.webhook_addresses(webhooks).allowed_networks == (OFFICE,)


def test_fetch_policy_takes_over_the_operators_limits() -> None:
    """Bytes, seconds, schemes and folders."""
    settings = WorkerSettings(
        audio_max_bytes=5,
        audio_fetch_timeout=2.5,
        audio_schemes=frozenset({"file"}),
        file_roots=(Path("/srv/a"),),
        blob_url="file:///var/lib/blobs",
    )

    policy = policies.fetch_policy(settings)

    assert (policy.max_bytes, policy.deadline, policy.schemes) == (5, 2.5, frozenset({"file"}))
    assert (policy.file_roots, policy.blob_root) == ((Path("/srv/a"),), Path("/var/lib/blobs"))


@pytest.mark.parametrize(
    ("url", "root"),
    [(None, None), ("", None), ("file:///var/lib/my%20blobs", Path("/var/lib/my blobs"))],
)
def test_blob_root(url: str | None, root: Path | None) -> None:
    """The folder that a `file:` address names, its escapes undone."""
    assert policies.blob_root(url) == root


@pytest.mark.parametrize(("concurrency", "connections"), [(1, 9), (64, 72), (1024, 72)])
def test_ledger_connections_are_bounded(concurrency: int, connections: int) -> None:
    """Hundreds of threads share some dozens of connections."""
    options = policies.ledger_options(WorkerSettings(worker_concurrency=concurrency))

    assert options.max_connections == connections


def test_ledger_options_take_over_what_the_fleet_agrees_on() -> None:
    """Shards, retention and the time after which a message counts as lost."""
    options = policies.ledger_options(WorkerSettings(ledger_shards=4, retention_days=2.0, lost_after=30.0))

    assert (options.shards, options.retention_days, options.lost_after) == (4, 2.0, 30.0)


@pytest.mark.parametrize(
    ("terms", "total", "row"),
    [
        ({}, "0", "self-hosted"),
        ({"price_input": "0.40", "price_output": "1.5"}, "1.9", "self-hosted-0.4-1.5"),
        ({"price_output": "100"}, "100", "self-hosted-0-100"),
    ],
)
def test_self_hosted_model_is_quoted_by_its_own_row(terms: dict[str, str], total: str, row: str) -> None:
    """Whatever is published for the region; a row that costs something is named by what it costs."""
    accounts = Accounts(
        [make_account(dialect="vllm", base_url="http://captioner:8000/v1", **terms)],
        lambda account, model: policies.rates_of(WorkerSettings(), account, model_card(model)),
    )

    price = policies.quote_terms(WorkerSettings(), accounts, model_card(CAPTIONER)).price

    assert price
    cost = cost_of(Usage(input_tokens=1_000_000, output_tokens=1_000_000), price)
    assert (cost.total, cost.price_version) == (Decimal(total), row)
