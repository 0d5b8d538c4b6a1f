"""A small installation, as Helm's records and Secrets in a cluster in memory."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from panda_infra.adoption.adopt import Target
from panda_infra.adoption.installation import Installation
from panda_infra.adoption.reading import read_installation, read_releases
from panda_infra.clients.helm import Helm
from panda_infra.helm.records import encode
from tests.support import fast_yaml
from tests.support.kubernetes import FakeApi

NAMESPACE = "default"
_HERE = f"/api/v1/namespaces/{NAMESPACE}"
_APPLICATIONS = "/apis/argoproj.io/v1alpha1/applications"

SECRET_VALUES: dict[str, Any] = {
    "affix": "-dev",
    "msgsvc": {"enabled": True, "basePasswd": "canary-broker"},
    "panda": {"enabled": True, "database": {"password": "canary-old", "dbhost": "db.example.org"}},
    "auth": {"authIdToken": "canary-token"},
}


class Cluster(FakeApi):
    """The objects of one namespace that an adoption looks at, and Argo CD's Applications."""

    @property
    def applications(self) -> list[dict[str, Any]]:
        """Argo CD's, in the order in which they are listed."""
        found: list[dict[str, Any]] = self.objects.setdefault(_APPLICATIONS, {"items": []})["items"]
        return found

    def release(
        self,
        name: str,
        chart: str,
        values: Mapping[str, Any],
        *,
        parts: Sequence[str] = (),
        defaults: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes] | None = None,
        status: str = "deployed",
        revision: int = 1,
        manifest: str = "",
    ) -> None:
        """A release as Helm records it."""
        content = {
            "name": name,
            "info": {"status": status},
            "config": dict(values),
            "manifest": manifest,
            "version": revision,
            "chart": {
                "metadata": {
                    "name": chart,
                    "version": "0.1.1",
                    "dependencies": [{"name": part} for part in parts],
                },
                "values": dict(defaults or {}),
                "files": [
                    {"name": file, "data": b64encode(data).decode()} for file, data in (files or {}).items()
                ],
            },
        }
        labels = {"owner": "helm", "name": name, "version": str(revision), "status": status}
        self._put(f"sh.helm.release.v1.{name}.v{revision}", {"release": encode(content)}, labels)

    def secret(self, suffix: str, data: Mapping[str, str]) -> None:
        """A Secret that the secrets chart made."""
        encoded = {key: b64encode(value.encode()).decode() for key, value in data.items()}
        self._put(f"panda-secrets-{suffix}", encoded, {})

    def _put(self, name: str, data: Mapping[str, str], labels: Mapping[str, str]) -> None:
        metadata = {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z", "labels": dict(labels)}
        self.add(f"{_HERE}/secrets", {"metadata": metadata, "data": dict(data)})


def installation(cluster: Cluster, without: Sequence[str] = ()) -> Installation:
    """What the command reads of it."""
    found = read_installation(cluster, NAMESPACE, read_releases(cluster, NAMESPACE, without))
    assert {call.method for call in cluster.calls} == {"GET"}
    return found


class EchoHelm(Helm):
    """Renders a release as one workload that holds its values, so that other values make other pods."""

    def render(
        self, release: str, chart: Path, namespace: str, values: Mapping[str, Any], *, hooks: bool = False
    ) -> str:
        """The workload of the release."""
        assert namespace == NAMESPACE
        assert not hooks
        return manifest_of(release, chart, values)


def manifest_of(release: str, chart: Path, values: Mapping[str, Any]) -> str:
    """What the chart makes of values: the image alone reaches the pods."""
    defaults = fast_yaml.load((chart / "values.yaml").read_text())
    sub = next(name for name in defaults if name != "global")
    image = {**defaults[sub]["image"], **((values.get(sub) or {}).get("image") or {})}
    template = {"spec": {"containers": [{"name": sub, "image": f"{image['repository']}:{image['tag']}"}]}}
    workload = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{release}-{sub}"},
        "spec": {"template": template},
    }
    return f"---\n{json.dumps(workload)}\n"


_CHARTS: Mapping[str, Mapping[str, Any]] = {
    "msgsvc": {
        "activemq": {"image": {"repository": "broker", "tag": "1"}, "persistentvolume": {"create": True}}
    },
    "panda": {
        "server": {
            "image": {"repository": "server", "tag": "1"},
            "persistentvolume": {"create": True, "class": "manual"},
            "ingress": {"enabled": True, "hosts": [{"domain": "cern.ch"}], "annotations": {"a": "b"}},
        },
        "jedi": {"persistentvolume": {"create": True, "class": "manual"}},
        "postgres": {"persistentvolume": {"create": True, "class": "manual"}},
    },
}


@pytest.fixture
def charts(tmp_path: Path) -> dict[str, Path]:
    """Folders of small charts in upstream's layout."""
    folders: dict[str, Path] = {}
    for name, values in _CHARTS.items():
        folders[name] = tmp_path / "charts" / name
        folders[name].mkdir(parents=True)
        (folders[name] / "values.yaml").write_text(fast_yaml.dump(dict(values), sort_keys=False))
        for sub in values:
            templates = folders[name] / "charts" / sub / "templates"
            templates.mkdir(parents=True)
            (templates / "workload.yaml").write_text("{{ .Values.image }}")
    return folders


@pytest.fixture
def cluster(charts: Mapping[str, Path]) -> Cluster:
    """A broker and a PanDA server that upstream's script has installed."""
    made = Cluster()
    made.add(
        "/apis/storage.k8s.io/v1/storageclasses",
        {
            "metadata": {
                "name": "cinder",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            }
        },
    )
    made.release("panda-secrets", "secrets", {}, defaults=SECRET_VALUES)
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "panda-dev-server"},
        "spec": {"rules": [{"host": "panda-dev-server.cern.ch"}]},
    }
    for name, values in (
        ("msgsvc", {"global": {"deploymentName": "msgsvc-dev"}, "activemq": {"image": {"tag": "2"}}}),
        ("panda", {"postgres": {"enabled": False}, "server": {"persistentvolume": {"size": "7Gi"}}}),
    ):
        defaults = _CHARTS[name]
        made.release(
            f"{name}-dev",
            name,
            values,
            parts=[part for part in defaults if part != "postgres"],
            defaults=defaults,
            manifest=manifest_of(f"{name}-dev", charts[name], values)
            + (f"---\n{json.dumps(ingress)}\n" if name == "panda" else ""),
        )
    made.secret("msgsvc-envs", {"ACTIVEMQ_BASE_PASSWD": "canary-broker"})
    made.secret("panda-envs", {"PANDA_DB_PASSWORD": "canary-new", "PANDA_DB_USER": "panda", "BY_HAND": "x"})
    return made


@pytest.fixture
def target(charts: Mapping[str, Path]) -> Target:
    return Target(
        "dev",
        {"kind": "existing", "kubeconfig": "kubeconfig"},
        {"kind": "folder", "path": "helm"},
        charts,
    )
