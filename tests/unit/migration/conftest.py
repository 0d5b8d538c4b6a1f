"""A small checkout in upstream's layout, with values of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import fast_yaml

_CHARTS: Mapping[str, Mapping[str, str]] = {
    "msgsvc": {"activemq": "resources persistentvolume noRoot"},
    "iam": {"main": "image ingress persistentvolume", "mariadb": "persistentvolume"},
    "iam-db": {"mariadb": "persistentvolume", "backup": "persistentvolumespecial"},
    "panda": {
        "server": "replicaCount image resources ingress ingress_big route hostName tolerations affinity extraEnv "
        "persistentvolume create class size selector sharedPvcName subPath configFile noRoot podSecurityContext",
        "jedi": "replicaCount tolerations configFile persistentvolume",
        "postgres": "persistentvolume",
    },
    "harvester": {
        "harvester": "experiment persistentvolume persistentvolumespecial mount path logpath class size sharedLogs "
        "ingress route panda",
        "mariadb": "persistentvolume podSecurityContext",
    },
    "idds": {
        "rest": "serverConf ingress persistentvolume persistentvolumerequests restHost bigmonURL",
        "postgres": "",
    },
    "bigmon": {"main": "ingress route hostName persistentvolume installedAppsList"},
    "ui": {"backend": "persistentvolume", "frontend": "image"},
}


class SiteCheckout:
    """Writes files of a checkout in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for chart, subs in _CHARTS.items():
            for sub, words in subs.items():
                templates = folder / "helm" / chart / "charts" / sub / "templates"
                templates.mkdir(parents=True)
                (templates / "workload.yaml").write_text(
                    "\n".join(f".Values.{word}" for word in words.split())
                )
                (templates.parent / "values.yaml").write_text("image: {pullPolicy: Always}\n")
            (folder / "helm" / chart / "values.yaml").write_text("{}\n")
        (folder / "secrets" / "files").mkdir(parents=True)
        self.secrets({})

    def values(self, chart: str, key: str, values: Mapping[str, Any]) -> None:
        """An experiment's values of a chart."""
        file = self.folder / "helm" / chart / "values" / f"values-{key}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(fast_yaml.dump(dict(values)))

    def secrets(self, values: Mapping[str, Any], name: str = "values.yaml") -> None:
        """Values of the secrets chart; only the broker and PanDA are on unless a test switches on more components."""
        off = {component: {"enabled": False} for component in ("harvester", "idds", "bigmon", "ui", "iam")}
        (self.folder / "secrets" / name).write_text(
            fast_yaml.dump({**(off if name == "values.yaml" else {}), **values})
        )

    def file(self, path: str, content: bytes) -> None:
        """A file below ``secrets/files``."""
        target = self.folder / "secrets" / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@pytest.fixture
def site(tmp_path: Path) -> SiteCheckout:
    """A checkout that deploys PanDA for sPHENIX."""
    checkout = SiteCheckout(tmp_path / "panda-k8s")
    checkout.values("panda", "sphenix", {"server": {"persistentvolume": {"class": "nas", "create": False}}})
    return checkout
