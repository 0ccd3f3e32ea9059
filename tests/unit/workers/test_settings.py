"""The settings of a worker process: from the environment, from files, and in words when they are wrong."""

import re
from base64 import b64encode
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from captionfleet_ledger.settings import explain
from captionfleet_schemas.buckets import PACKAGES
from captionfleet_workers.settings import WorkerSettings

SECRETS = [f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2)]


def key_of(settings: WorkerSettings) -> str | None:
    """The model's key, in the open."""
    return settings.api_key.get_secret_value() if settings.api_key else None


def explanation(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """What an operator reads who has set these variables wrongly."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        WorkerSettings()
    return explain(refused.value)


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without blanks, a comma at the end included."""
    monkeypatch.setenv("CAPTIONFLEET_WORKER_QUEUES", "captions, captionfleet.deliveries,")
    monkeypatch.setenv("CAPTIONFLEET_AUDIO_SCHEMES", "https,http")
    monkeypatch.setenv("CAPTIONFLEET_FILE_ROOTS", "/srv/a,/srv/b")
    monkeypatch.setenv("CAPTIONFLEET_ALLOWED_NETWORKS", "10.0.0.0/8,fd00::/8")
    monkeypatch.setenv("CAPTIONFLEET_WEBHOOK_SECRETS", f"{SECRETS[0]},{SECRETS[1]}")

    settings = WorkerSettings()

    assert settings.worker_queues == ("captions", "captionfleet.deliveries")
    assert settings.audio_schemes == {"https", "http"}
    assert settings.file_roots == (Path("/srv/a"), Path("/srv/b"))
    assert settings.allowed_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert [secret.get_secret_value() for secret in settings.webhook_secrets] == SECRETS


def test_empty_list_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable switches everything off, rather than meaning a scheme without a name."""
    monkeypatch.setenv("CAPTIONFLEET_AUDIO_SCHEMES", "")

    assert WorkerSettings().audio_schemes == frozenset()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BUCKETS", "podcasts", "s3://bucket/key"),
        ("BUCKETS", "s3://podcasts,https://example.com", "s3://bucket/key"),
        ("BUCKETS", "gs://podcasts", "install captionfleet-workers[gs]"),
        ("BLOB_URL", "gs://podcasts", "install captionfleet-workers[gs]"),
        ("BLOB_URL", "s3://podcasts/../private", "slashes"),
    ],
)
def test_stores_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    """A worker that lacks a store's package says so when it starts, not at the first job."""
    monkeypatch.setitem(PACKAGES, "gs", "no_such_package")

    told = explanation(monkeypatch, **{f"CAPTIONFLEET_{name}": value})

    assert f"CAPTIONFLEET_{name}" in told
    assert words in told


def test_key_falls_back_to_the_vendors_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own name wins where both are set."""
    without = key_of(WorkerSettings())
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-vendor")
    fallback = key_of(WorkerSettings())
    monkeypatch.setenv("CAPTIONFLEET_MODEL_API_KEY", "sk-own")

    assert (without, fallback, key_of(WorkerSettings())) == (None, "sk-vendor", "sk-own")


def test_key_from_a_file_wins_over_the_vendors_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A mounted secret is meant for this worker; the vendor's variable may be left over from a shell."""
    (tmp_path / "key").write_text("sk-file", encoding="utf-8")
    monkeypatch.setenv("CAPTIONFLEET_MODEL_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-vendor")

    assert key_of(WorkerSettings()) == "sk-file"


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("s3cret", "whsec_ followed by base64"),
        ("whsec_", "whsec_ followed by base64"),
        ("whsec_%%%", "whsec_ followed by base64"),
        (f"whsec_{b64encode(bytes(23)).decode()}", "at least 24 bytes"),
    ],
)
def test_secret_that_cannot_sign(monkeypatch: pytest.MonkeyPatch, secret: str, reason: str) -> None:
    """A mistake shows when the worker starts, not when its first webhook is due."""
    monkeypatch.setenv("CAPTIONFLEET_WEBHOOK_SECRETS", f"{SECRETS[0]},{secret}")

    with pytest.raises(ValidationError, match=reason):
        WorkerSettings()


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3/cret@ledger:6379/1",
        "redis://user:s3#cret@ledger:6379/1",
        "redis://user:s3?cret@ledger:6379/1",
        "redis://user:12/s3cret@ledger:6379/1",
        "redis:/:s3cret@ledger:6379/1",
        "s3cret@ledger",
        "redis://ledger:s3cret",
    ],
)
@pytest.mark.parametrize("name", ["CAPTIONFLEET_BROKER_URL", "CAPTIONFLEET_REDIS_URL"])
def test_password_that_is_not_quoted(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    """One line says how to write it, and nothing of it is in that line."""
    [_, line] = explanation(monkeypatch, **{name: url}).splitlines()

    assert line.startswith(f"{name}: ")
    assert "%2F for /" in line
    assert not {"s3", "cret"} & set(re.split(r"\W+", line))


def test_secrets_are_read_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As containers mount them, with the newline that editors leave; lists too."""
    for name, text in {"key": "sk-file\n", "secrets": f"{SECRETS[0]},{SECRETS[1]}\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("CAPTIONFLEET_MODEL_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("CAPTIONFLEET_WEBHOOK_SECRETS_FILE", str(tmp_path / "secrets"))

    settings = WorkerSettings()

    assert key_of(settings) == "sk-file"
    assert [secret.get_secret_value() for secret in settings.webhook_secrets] == SECRETS


def test_order_of_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An argument wins over the environment, and the environment over a file that it names."""
    (tmp_path / "concurrency").write_text("3", encoding="utf-8")
    monkeypatch.setenv("CAPTIONFLEET_WORKER_CONCURRENCY_FILE", str(tmp_path / "concurrency"))
    from_file = WorkerSettings().worker_concurrency
    monkeypatch.setenv("CAPTIONFLEET_WORKER_CONCURRENCY", "5")
    from_environment = WorkerSettings().worker_concurrency

    from_argument = WorkerSettings(worker_concurrency=7).worker_concurrency

    assert (from_file, from_environment, from_argument) == (3, 5, 7)


@pytest.mark.parametrize(
    ("dialect", "url"),
    [
        ("openai", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("dashscope", "https://dashscope-intl.aliyuncs.com/api/v1"),
    ],
)
def test_each_dialect_has_its_own_base_url(monkeypatch: pytest.MonkeyPatch, dialect: str, url: str) -> None:
    """Singapore's, where the captioner is offered."""
    monkeypatch.setenv("CAPTIONFLEET_MODEL_DIALECT", dialect)

    assert WorkerSettings().model_base_url == url


def test_own_weights_need_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else can know where they are served."""
    text = explanation(monkeypatch, CAPTIONFLEET_MODEL_DIALECT="vllm")

    assert "CAPTIONFLEET_MODEL_BASE_URL: " in text
    assert "needs one, such as http://localhost:8000/v1" in text


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("CAPTIONFLEET_WORKER_CONCURRENCY", "s3cret", "valid integer"),
        ("CAPTIONFLEET_WORKER_CONCURRENCY", "0", "greater than or equal to 1"),
        ("CAPTIONFLEET_MODEL_NAME", "s3cret", "known are"),
        ("CAPTIONFLEET_MODEL_DIALECT", "s3cret", "'openai'"),
        ("CAPTIONFLEET_MODEL_BASE_URL", "s3cret", "http:// or https://"),
        ("CAPTIONFLEET_MODEL_BASE_URL", "https://s3cret.example/api/v1", "ends in /api/v1"),
        ("CAPTIONFLEET_LOG_LEVEL", "s3cret", "'debug', 'info'"),
        ("CAPTIONFLEET_MODEL_RPM", "-1", "greater than or equal to 0"),
        ("CAPTIONFLEET_ALLOWED_NETWORKS", "10.0.0.0/8,s3cret", "not a valid IPv4 network; Input is not a valid IPv6"),
        ("CAPTIONFLEET_PASS_URLS", "s3cret", "valid boolean"),
    ],
)
def test_wrong_value_is_explained_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    """One line: the variable's name and what it wants, without the value, which may be a secret."""
    first, *lines = explanation(monkeypatch, **{variable: value}).splitlines()

    assert first == "Settings that need your attention:"
    assert len(lines) == 1
    assert lines[0].startswith(f"{variable}: ")
    assert reason in lines[0]
    assert "s3cret" not in lines[0]


def test_all_wrong_values_are_explained_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to start a worker three times to learn of three mistakes."""
    text = explanation(
        monkeypatch, CAPTIONFLEET_LEASE_SECONDS="x", CAPTIONFLEET_SWEEP_SECONDS="0", CAPTIONFLEET_MAX_CRASHES="0"
    )

    assert [line.partition(":")[0] for line in text.splitlines()[1:]] == [
        "CAPTIONFLEET_LEASE_SECONDS",
        "CAPTIONFLEET_SWEEP_SECONDS",
        "CAPTIONFLEET_MAX_CRASHES",
    ]


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings may end up in a traceback or a log line."""
    monkeypatch.setenv("CAPTIONFLEET_MODEL_API_KEY", "s3cret")
    monkeypatch.setenv("CAPTIONFLEET_WEBHOOK_SECRETS", f"whsec_{'s3cret' * 6}")
    monkeypatch.setenv("CAPTIONFLEET_REDIS_URL", "redis://:s3cret@ledger:6379/1")

    settings = WorkerSettings()

    assert "s3cret" not in repr(settings)
    assert "s3cret" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("queues", "calls_none"),
    [
        (("captionfleet.deliveries",), True),
        (("captions",), False),
        (("captions.bulk", "captionfleet.deliveries"), False),
    ],
)
def test_process_for_deliveries_alone_calls_no_model(queues: tuple[str, ...], calls_none: bool) -> None:
    """Such a process needs no key of the model's API."""
    assert WorkerSettings(worker_queues=queues).calls_no_model is calls_none


def test_the_only_account_is_that_of_the_single_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no name."""
    for name, value in {"API_KEY": "sk-1", "REGION": "beijing", "RPM": "30", "DIALECT": "dashscope"}.items():
        monkeypatch.setenv(f"CAPTIONFLEET_MODEL_{name}", value)

    (account,) = WorkerSettings().accounts

    assert (account.name, account.region, account.rpm, account.tpm) == ("", "beijing", 30, 100_000)
    assert account.base_url.endswith("/api/v1")


def test_self_hosted_account_is_told_no_addresses_unless_it_guards_itself() -> None:
    """The single variables say it of the only account; the vendor's are told addresses whatever they say."""
    own = WorkerSettings(model_dialect="vllm", model_base_url="http://captioner:8000/v1")
    guarded = WorkerSettings(model_dialect="vllm", model_base_url="http://captioner:8000/v1", model_guards_fetches=True)

    taking = [settings.accounts[0].takes_addresses for settings in (own, guarded, WorkerSettings())]

    assert taking == [False, True, True]


@pytest.mark.parametrize("name", ["PRICE_INPUT", "PRICE_OUTPUT"])
def test_only_a_self_hosted_model_has_prices_of_its_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The vendor's are published, and never negative."""
    own = {"CAPTIONFLEET_MODEL_DIALECT": "vllm", "CAPTIONFLEET_MODEL_BASE_URL": "http://captioner:8000/v1"}
    variable = f"CAPTIONFLEET_MODEL_{name}"

    assert "only a self-hosted model" in explanation(monkeypatch, **{variable: "0.4"})
    assert "greater than or equal to 0" in explanation(monkeypatch, **own, **{variable: "-1"})


def test_several_accounts_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What one leaves out has the usual default, and its key is not shown."""
    (tmp_path / "accounts").write_text(
        '[{"name": "sg", "api_key": "s3cret", "weight": 3}, {"name": "spare", "api_key": "s3cret", "weight": 0}]'
    )
    monkeypatch.setenv("CAPTIONFLEET_MODEL_ACCOUNTS_FILE", str(tmp_path / "accounts"))

    settings = WorkerSettings()

    assert [(account.name, account.weight, account.rpm) for account in settings.accounts] == [
        ("sg", 3, 60),
        ("spare", 0, 60),
    ]
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ('[{"name": "sg", "api_key": "s3cret"', "Invalid JSON"),
        ('[{"api_key": "s3cret"}]', "needs a name of its own"),
        ('[{"name": "a", "api_key": "s3cret"}, {"name": "a", "api_key": "s3cret"}]', "needs a name of its own"),
        ('[{"name": "a"}]', "needs its api_key"),
        ('[{"name": "a", "api_key": "s3cret", "weight": 0}]', "weight above 0"),
        ('[{"name": "a", "api_key": "s3cret", "wait": 1}]', "not permitted"),
        ('[{"name": "a", "api_key": "s3cret", "price_input": 1}]', "has published prices"),
        ('[{"name": "a", "api_key": "s3cret", "base_url": "https://s3cret/api/v1"}]', "ends in /api/v1"),
    ],
)
def test_wrong_accounts_are_explained(monkeypatch: pytest.MonkeyPatch, accounts: str, words: str) -> None:
    """Without the keys."""
    text = explanation(monkeypatch, CAPTIONFLEET_MODEL_ACCOUNTS=accounts)

    assert "CAPTIONFLEET_MODEL_ACCOUNTS" in text
    assert words in text
    assert "s3cret" not in text
