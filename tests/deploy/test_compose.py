import hashlib
import os
import re
import stat
import subprocess
import sys
from configparser import RawConfigParser
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from captionfleet_workers.settings import WorkerSettings
from compose import digests
from tests.deploy.chart import ROOT

COMPOSE = ROOT / "compose"
STACK: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
DASHBOARDS = ROOT / "helm/captionfleet/monitoring/dashboards"
ENV_FILES = (".env", "real.env")
ONE_SHOT = {"demo"}


def _variables(name: str) -> dict[str, str]:
    lines = (COMPOSE / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_every_service_is_fenced_in(service: dict[str, Any]) -> None:
    """No privilege, no root that can be written, bounds on memory, CPU, processes and logs, a version for its image."""
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert service["logging"]["options"]["max-size"]
    assert not service["image"].endswith("latest")
    assert ":" in service["image"].replace(":-", "")


EXACT = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9-]+)?")


def test_images_of_others_are_exact_versions() -> None:
    """A tag such as `8.1` is another image next month; the file of digests has a place for each."""
    found = digests.images((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))
    dockerfile = (COMPOSE / "images" / "Dockerfile").read_text(encoding="utf-8")

    assert set(found) == {"PYTHON_IMAGE", "VALKEY_IMAGE", "RABBITMQ_IMAGE", "PROMETHEUS_IMAGE", "GRAFANA_IMAGE"}
    assert [image for image in found.values() if not EXACT.fullmatch(image.rpartition(":")[2])] == []
    assert f"ARG PYTHON_IMAGE={found['PYTHON_IMAGE']}\n" in dockerfile


DOCKER = """#!/bin/sh
case "$*" in
*grafana*) echo "no such manifest" >&2; exit 1 ;;
*) echo "sha256:$(printf '%s' "$4" | sha256sum | cut -c 1-64)" ;;
esac
"""


@pytest.mark.parametrize("answers", [True, False])
def test_digests_are_asked_for_and_never_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answers: bool
) -> None:
    """The file has what the engine says of each image; where one is not known there is no file."""
    engine = tmp_path / "docker"
    engine.write_text(DOCKER.replace("*grafana*", "*nothing*") if answers else DOCKER, encoding="utf-8")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    into = tmp_path / "digests.env"

    if not answers:
        with pytest.raises(SystemExit, match=r"grafana/grafana:.*no such manifest"):
            digests.main(into)
        assert not into.exists()
        return
    digests.main(into)

    lines = into.read_text(encoding="utf-8").splitlines()
    image = digests.images((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))["VALKEY_IMAGE"]
    assert len(lines) == 5
    assert f"VALKEY_IMAGE={image}@sha256:{hashlib.sha256(image.encode()).hexdigest()}" in lines


def test_uv_is_installed_with_its_hash() -> None:
    """It installs everything else, each checked against a hash; so it is checked itself."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if "pip install" in line and "--no-deps" not in line]

    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert "--hash=sha256:" in (ROOT / "requirements-uv.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_ports_are_open_to_this_machine_alone(service: dict[str, Any]) -> None:
    """A port without an address is open to the whole network, past the host's own firewall."""
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_services_stay_up_and_the_demo_ends() -> None:
    """A worker that ends because it was stuck is started again; the demo is done when it is done."""
    restarts = {name: service["restart"] for name, service in SERVICES.items()}

    assert restarts == {name: "no" if name in ONE_SHOT else "unless-stopped" for name in SERVICES}


def test_data_stands_in_a_network_without_a_way_out() -> None:
    """Nobody outside reaches broker and ledger, and they reach nobody."""
    networks = {network for name in ("valkey", "rabbitmq") for network in SERVICES[name]["networks"]}

    assert [STACK["networks"][network].get("internal") for network in networks] == [True]


def test_whoever_looks_on_does_not_reach_the_data() -> None:
    """Prometheus shares a network with the workers alone, Grafana one with Prometheus alone."""
    members = {
        network: {name for name, service in SERVICES.items() if network in service["networks"]}
        for network in STACK["networks"]
    }

    assert STACK["networks"]["metrics"] == {"internal": True}
    assert members["metrics"] == {"caption", "delivery", "prometheus"}
    assert members["pages"] == {"prometheus", "grafana"}
    assert [name for name in members["backend"] | members["outside"] if name in {"prometheus", "grafana"}] == []


def test_prometheus_scrapes_every_pool_and_has_the_rules() -> None:
    """A pool that it does not name, or on another port, would be missed without an error."""
    configuration = yaml.safe_load((COMPOSE / STACK["configs"]["prometheus"]["file"]).read_text(encoding="utf-8"))
    served = {
        name: service["environment"]["CAPTIONFLEET_METRICS_PORT"]
        for name, service in SERVICES.items()
        if "CAPTIONFLEET_WORKER_QUEUES" in service.get("environment", {})
    }
    mounted = {config["source"]: config["target"] for config in SERVICES["prometheus"]["configs"]}

    [scrape] = configuration["scrape_configs"]
    [found] = scrape["dns_sd_configs"]

    assert {name: str(found["port"]) for name in found["names"]} == served
    assert configuration["rule_files"] == [mounted["rules"]]
    assert f"--config.file={mounted['prometheus']}" in SERVICES["prometheus"]["command"]
    assert (COMPOSE / STACK["configs"]["rules"]["file"]).resolve() == ROOT / "helm/captionfleet/monitoring/rules.yaml"


def test_prometheus_does_not_fill_the_disk() -> None:
    """What it keeps is bounded by age and by size, in a volume of its own."""
    options = dict(option.removeprefix("--").split("=", 1) for option in SERVICES["prometheus"]["command"])

    assert options["storage.tsdb.retention.time"]
    assert options["storage.tsdb.retention.size"]
    assert f"prometheus:{options['storage.tsdb.path']}" in SERVICES["prometheus"]["volumes"]


def test_grafana_asks_for_a_login_and_reports_to_nobody() -> None:
    """The password is a file; nothing is fetched from, or told to, anybody outside."""
    settings = RawConfigParser()
    settings.read(COMPOSE / STACK["configs"]["grafana"]["file"])

    assert settings["security"]["admin_password"] == "$__file{/run/secrets/grafana_password}"
    assert SERVICES["grafana"]["secrets"] == ["grafana_password"]
    assert not settings["auth.anonymous"].getboolean("enabled")
    assert not settings["users"].getboolean("allow_sign_up")
    assert not any(map(settings["analytics"].getboolean, settings["analytics"]))
    assert not settings["news"].getboolean("news_feed_enabled")
    assert settings["plugins"].getboolean("preinstall_disabled")


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    """The source is the service, and the files are those of the chart, where the provider and the home page look."""
    source, provider = (
        yaml.safe_load((COMPOSE / "grafana/provisioning" / name).read_text(encoding="utf-8"))
        for name in ("datasources/prometheus.yaml", "dashboards/captionfleet.yaml")
    )
    mounts = {target: origin for origin, target, *_ in (one.split(":") for one in SERVICES["grafana"]["volumes"])}
    home = RawConfigParser()
    home.read(COMPOSE / "grafana/grafana.ini")

    [prometheus], [dashboards] = source["datasources"], provider["providers"]

    assert (prometheus["type"], prometheus["url"]) == ("prometheus", "http://prometheus:9090")
    folder = COMPOSE / mounts[dashboards["options"]["path"]]
    assert folder.resolve() == DASHBOARDS
    assert (folder / Path(home["dashboards"]["default_home_dashboard_path"]).name).exists()
    assert mounts["/etc/grafana/provisioning"] == "./grafana/provisioning"


def test_no_variable_holds_a_secret() -> None:
    """What logs in is a file below /run/secrets; compose passes names of files."""
    secret = ("BROKER_URL", "REDIS_URL", "API_KEY", "WEBHOOK_SECRETS", "BASIC_AUTH")
    given = {key: value for service in SERVICES.values() for key, value in service.get("environment", {}).items()}

    assert [key for key in given if key.endswith(secret)] == []
    assert {Path(value).parent for key, value in given.items() if key.endswith("_FILE")} == {Path("/run/secrets")}


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_every_secret_that_is_named_is_mounted(service: dict[str, Any]) -> None:
    """A worker does not start with the name of a file that is not there."""
    named = {Path(value).name for key, value in service.get("environment", {}).items() if key.endswith("_FILE")}

    mounted = {secret for secret in service.get("secrets", []) if isinstance(secret, str)}
    assert named <= mounted


def test_stopping_is_more_patient_than_a_call() -> None:
    """The kill comes after the worker's own grace, and that is as long as a call may take."""
    caption = SERVICES["caption"]

    grace = float(caption["environment"]["CAPTIONFLEET_WORKER_GRACE"])

    assert grace >= WorkerSettings.model_fields["model_call_timeout"].default
    assert float(caption["stop_grace_period"].removesuffix("s")) >= grace + 10


def test_every_queue_has_a_pool() -> None:
    """A queue that nobody works on fills without an error."""
    queues = [SERVICES[name]["environment"]["CAPTIONFLEET_WORKER_QUEUES"] for name in ("caption", "delivery")]

    assert sorted(",".join(queues).split(",")) == sorted(WorkerSettings.model_fields["worker_queues"].default)


def test_the_paid_model_is_chosen_by_a_file_alone() -> None:
    """Both files say the same things, and only the default lets webhooks go to the demo's receiver."""
    free, paid = map(_variables, ENV_FILES)

    assert free.keys() == paid.keys()
    assert "emulator" in free["COMPOSE_PROFILES"]
    assert "emulator" not in paid["COMPOSE_PROFILES"] + paid["MODEL_BASE_URL"]
    assert (paid["WEBHOOK_ALLOW_HTTP"], paid["WEBHOOK_NETWORKS"]) == ("false", "")
    assert float(paid["MODEL_RPM"]) > 0


def test_the_receiver_stands_where_webhooks_may_go() -> None:
    """One address of a network of its own: no other private address can be called."""
    address = SERVICES["receiver"]["networks"]["hooks"]["ipv4_address"]
    pool = STACK["networks"]["hooks"]["ipam"]["config"][0]

    assert _variables(".env")["WEBHOOK_NETWORKS"] == f"{address}/32"
    assert ip_address(address) in ip_network(pool["subnet"])
    assert ip_address(address) not in ip_network(pool["ip_range"])


def test_every_file_that_the_stack_names_is_there_or_is_written(tmp_path: Path) -> None:
    """`make secrets` writes each secret that the stack reads, and nothing that it does not."""
    subprocess.run([sys.executable, COMPOSE / "write_secrets.py", tmp_path / "secrets"], check=True)

    written = {path.name for path in (tmp_path / "secrets").iterdir()}
    read = {Path(secret["file"]).name.replace("${BROKER:-valkey}", "valkey") for secret in STACK["secrets"].values()}

    assert written == read | {"rabbitmq_url"}
    assert all((COMPOSE / config["file"]).exists() for config in STACK["configs"].values())


def test_secrets_are_fresh_closed_and_kept(tmp_path: Path) -> None:
    """Each has its own; who may not open the folder reads none; a second call changes nothing."""
    folders = [tmp_path / "one", tmp_path / "two"]

    contents = [_written(folder) for folder in (*folders, folders[0])]

    assert contents[0] == contents[2]
    shared = {name for name in contents[0] if contents[0][name] == contents[1][name]}
    assert shared == {"model_api_key"}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


@pytest.mark.parametrize("mask", ["000", "022", "777"])
def test_secrets_are_closed_whatever_was_there(tmp_path: Path, mask: str) -> None:
    """A folder that was made by hand and is open to all is closed before a secret is in it."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.chmod(0o777)
    command = f'umask {mask}; exec "{sys.executable}" "{COMPOSE / "write_secrets.py"}" "{folder}"'

    subprocess.run(["sh", "-c", command], check=True)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def _written(folder: Path) -> dict[str, str]:
    subprocess.run([sys.executable, COMPOSE / "write_secrets.py", folder], check=True)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
