import re

from tests.deploy.chart import ROOT

DOCKERFILE = (ROOT / "compose" / "images" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
STAGE = re.compile(r"^FROM (\S+) AS (?P<name>\S+)\n(?P<body>.*?)(?=^FROM |\Z)", re.MULTILINE | re.DOTALL)
STAGES = {match["name"]: match["body"] for match in STAGE.finditer(DOCKERFILE)}
IMAGES = ("worker", "flower", "emulator", "client")


def test_wheels_are_checked_against_their_hashes() -> None:
    """An image is made of what the lock file names and nothing else: only the first step reaches a registry."""
    fetching = [line for line in STAGES["wheels"].splitlines() if "pip download" in line]

    assert len(fetching) == 1
    assert "--require-hashes" in fetching[0]
    installs = re.findall(r"pip (?:install|wheel)|\$INSTALL", DOCKERFILE)
    assert len(installs) >= len(IMAGES)
    assert [line for line in DOCKERFILE.splitlines() if "pip install" in line and "--no-index" not in line] == []


def test_images_run_as_a_number_without_a_shell() -> None:
    """Kubernetes can only tell from a number that a user is not root, and a shell keeps signals to itself."""
    entry_points = [re.findall(r"^ENTRYPOINT (.*)$", STAGES[name], re.MULTILINE) for name in IMAGES]

    assert "USER 10001:10001" in STAGES["runtime"]
    assert [len(found) for found in entry_points] == [1] * len(IMAGES)
    assert all(found[0].startswith("[") for found in entry_points)
    assert "USER" not in "".join(STAGES[name] for name in IMAGES)


def test_what_builds_stays_behind() -> None:
    """The final stages copy one folder, and pip itself is gone from them."""
    assert "pip uninstall" in STAGES["runtime"]
    for name in IMAGES:
        assert re.findall(r"^COPY (.*)$", STAGES[name], re.MULTILINE) == [
            f"--from={name}-files /opt/captionfleet /opt/captionfleet"
        ]
        assert "RUN" not in STAGES[name].split()


def test_services_check_themselves_without_a_broker() -> None:
    """A health check that asked the broker would have every container restarted while it is away."""
    checks = {name: re.search(r"^HEALTHCHECK .*CMD (.*)$", STAGES[name], re.MULTILINE) for name in IMAGES[:3]}

    assert {name: bool(found) for name, found in checks.items()} == dict.fromkeys(IMAGES[:3], True)
    assert not any("celery" in found[1] or "redis" in found[1] for found in checks.values() if found)
