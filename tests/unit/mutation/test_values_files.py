"""Values files of a site's checkout, changed: imported as Helm reads them, or refused in words."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from panda_infra.config.scalars import native, read_values
from panda_infra.migration.migrate import migrate
from panda_infra.products.migrated import Outcome
from tests.support import fast_yaml
from tests.support.held import CANARY, check_words, held
from tests.support.mutations import FRAGMENTS, texts, trees
from tests.support.site_values import SITE
from tests.unit.migration.conftest import SiteCheckout
from tools.errors import ToolsError
from tools.toolchain import ensure

_SECRETS = {"password", "basePasswd", "client_secret", "secret", "secret_key", "secretKey", "access_key"} | {
    "secretkey",
    "accesskey",
    "admin_password",
    "root_password",
    "authIdToken",
}


def _with_canaries(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _with_canaries(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_canaries(item) for item in value]
    return CANARY if key in _SECRETS else value


_TREE = _with_canaries(SITE)
_TEXT = f"# values of a site\n{fast_yaml.dump(_TREE, sort_keys=False)}"
_CHART = {
    "global": {"secret": "panda-secrets"},
    "server": {
        "enabled": True,
        "replicaCount": 2,
        "image": {"repository": "ghcr.io/pandawms/panda-server", "tag": "1.0.2", "pullPolicy": "Always"},
        "resources": {"requests": {"cpu": 2, "memory": "8Gi"}},
        "ingress": {"enabled": True, "hosts": [{"hostOverride": "panda.site.org"}]},
        "persistentvolume": {"class": "nas", "create": True, "size": "10Gi"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "extraEnv": [{"name": "A", "value": "b"}],
    },
    "jedi": {"replicaCount": 1},
    "postgres": {"persistentvolume": {"size": "20Gi"}},
}
_CHART_TEXT = fast_yaml.dump(_CHART, sort_keys=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SiteCheckout:
    site = SiteCheckout(tmp_path_factory.mktemp("site") / "panda-k8s")
    for chart in ("panda", "bigmon", "harvester", "idds", "iam", "ui"):
        site.values(chart, "sphenix", {"global": {}})
    return site


def imported(site: SiteCheckout, file: str, text: str) -> Outcome:
    """As `import` does it, up to what the Pulumi CLI encrypts."""
    (site.folder / file).write_text(text, encoding="utf-8", newline="")
    outcome = migrate(site.folder, "sphenix", {"kind": "existing"}, "standard")
    for note in (*outcome.unplaced, *outcome.settled):
        check_words(f"{note.file} {note.key} {note.why}")
    assert CANARY not in json.dumps(outcome.sections)
    return outcome


@given(texts([_TEXT]))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_changed_values_of_the_secrets_chart_are_imported_or_refused(site: SiteCheckout, text: str) -> None:
    held(partial(imported, site, "secrets/values-secret.yaml", text))


@given(texts([_CHART_TEXT]))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_changed_values_of_a_chart_are_imported_or_refused(site: SiteCheckout, text: str) -> None:
    file = "helm/panda/values/values-sphenix.yaml"
    good = (site.folder / file).read_text()
    held(partial(imported, site, file, text))
    (site.folder / file).write_text(good)


@pytest.mark.long
@given(trees([_TREE], most=6), trees([_CHART], most=6))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_many_changed_values_are_imported_or_refused(site: SiteCheckout, secrets: Any, chart: Any) -> None:
    file = "helm/panda/values/values-sphenix.yaml"
    good = (site.folder / file).read_text()
    (site.folder / file).write_text(fast_yaml.dump(chart))
    held(partial(imported, site, "secrets/values-secret.yaml", fast_yaml.dump(secrets)))
    (site.folder / file).write_text(good)


class Helm:
    """The judge: a chart that prints its values."""

    def __init__(self, folder: Path) -> None:
        self.helm = ensure(["helm"]).path("helm")
        self.chart = folder / "printed"
        (self.chart / "templates").mkdir(parents=True)
        (self.chart / "Chart.yaml").write_text("apiVersion: v2\nname: printed\nversion: 0.1.0\n")
        (self.chart / "templates" / "values.yaml").write_text("{{ .Values | toJson }}\n")
        self.file = folder / "values.yaml"

    def values(self, text: str) -> Any:
        """The values, None for a file that Helm refuses."""
        self.file.write_text(text, encoding="utf-8", newline="")
        done = subprocess.run(
            [self.helm, "template", "x", self.chart, "-f", self.file],
            capture_output=True,
            text=True,
            check=False,
        )
        return None if done.returncode else json.loads(done.stdout.rpartition("values.yaml\n")[2])


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    try:
        return Helm(tmp_path_factory.mktemp("helm"))
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")


def without_null(value: Any) -> Any:
    """As Helm's templates see values: a null at the top removes a default."""
    return {key: item for key, item in value.items() if item is not None}


def agrees(helm: Helm, text: str) -> None:
    """What is not refused is what Helm reads."""
    try:
        read = native(read_values(text, "")) or {}
    except yaml.YAMLError:
        return
    if isinstance(read, dict):
        judged = helm.values(text)
        assert judged is not None, "Helm refuses what is taken here"
        assert without_null(read) == without_null(judged)


@pytest.mark.long
@given(texts([_TEXT, _CHART_TEXT]))
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
def test_what_is_imported_is_what_helm_reads(helm: Helm, text: str) -> None:
    agrees(helm, text)


@pytest.mark.long
@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_fragment_is_what_helm_reads(helm: Helm, fragment: str) -> None:
    agrees(helm, f"a:\n  b: {fragment}\n  c: 1\n")
