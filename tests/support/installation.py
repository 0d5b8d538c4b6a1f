"""A PanDA that was deployed without this program, and a checkout of the program that takes it over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panda_infra.authority import make_authority
from testbed import waiting
from testbed.api import Api
from testbed.bed import Bed
from tests.support import fast_yaml
from tests.support.pages import Command
from tools import REPOSITORY, toolchain

__all__ = ["Running", "write_secrets_chart"]

_SOURCES = ("Pulumi.yaml", "__main__.py", "panda_infra", "policy", "sites", ".venv")
_SECRETS = """\
{{- range $suffix, $data := .Values.contents }}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ $.Release.Name }}-{{ $suffix }}}
stringData: {{ toJson $data }}
{{- end }}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-panda-certs}
data: {{ (.Files.Glob "files/panda_certs/*").AsSecrets | nindent 2 }}
"""


class Running:
    """A cluster with an installation in one namespace, and beside it a project without any stack."""

    def __init__(self, folder: Path, bed: Bed, namespace: str) -> None:
        self.api = Api(bed.kubeconfig)
        self.namespace = namespace
        self.checkout = folder / "panda-k8s"
        self.project = folder / "panda-infra"
        self.project.mkdir()
        for name in _SOURCES:
            (self.project / name).symlink_to(REPOSITORY / name)
        # A copy: adoption adds a folder of the stack's own to it.
        shutil.copytree(REPOSITORY / "cric_jsons", self.project / "cric_jsons")
        (folder / "state").mkdir()
        (folder / "tmp").mkdir()
        kube = folder / "home" / ".kube"
        kube.mkdir(parents=True)
        (kube / "config").symlink_to(bed.kubeconfig)
        environment = {
            **os.environ,
            **toolchain.ensure(("pulumi", "plugin-kubernetes", "helm")).environment(),
        }
        self.environment = {
            **environment,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]]),
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(folder / "home"),
            "KUBECONFIG": str(bed.kubeconfig),
            "TMPDIR": str(folder / "tmp"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
        }

    def run(
        self,
        command: Command | Sequence[str],
        *more: str,
        fails: bool = False,
        quiet: bool = False,
        stdin: str = "",
    ) -> str:
        """Run a command in the project; both of its streams, or ``quiet`` the results alone.

        It must succeed unless it ``fails``.
        """
        words = command.words if isinstance(command, Command) else command
        done = subprocess.run(
            [word.replace("~", self.environment["HOME"]) for word in (*words, *more)],
            cwd=self.project,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        text = done.stdout + done.stderr
        assert bool(done.returncode) == fails, f"{command}\n{text}"
        assert "Traceback" not in text, f"{command}\n{text}"
        return done.stdout if quiet else text

    def helm(self, *words: str) -> str:
        """Run Helm in the namespace; its results."""
        return self.run(("helm", *words, "--namespace", self.namespace), quiet=True)

    def uids(self) -> dict[str, str]:
        """Every claim and pod by kind and name, without the pods of schedules; what was replaced has another."""
        return {
            f"{kind}/{found['metadata']['name']}": found["metadata"]["uid"]
            for kind in ("pods", "persistentvolumeclaims")
            for found in self.api.list(f"/api/v1/namespaces/{self.namespace}/{kind}")
            if all(owner["kind"] != "Job" for owner in found["metadata"].get("ownerReferences", ()))
        }

    def settled(self) -> dict[str, str]:
        """The same once every workload has all its pods, and each is ready."""
        waiting.until(self._ready, "every pod is ready", 120)
        return self.uids()

    def _ready(self) -> bool:
        workloads = [
            workload
            for kind in ("deployments", "statefulsets")
            for workload in self.api.list(f"/apis/apps/v1/namespaces/{self.namespace}/{kind}")
        ]
        return all(_is_complete(one["spec"], one.get("status", {}), one["metadata"]) for one in workloads)

    def stack(self, name: str) -> dict[str, Any]:
        """The sections of a stack file."""
        content = fast_yaml.load((self.project / f"Pulumi.{name}.yaml").read_text())["config"]
        return {key.removeprefix("panda-infra:"): value for key, value in content.items()}


def _is_complete(wanted: Mapping[str, Any], status: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    # Pods that a change has not replaced yet are ready too.
    return status.get("observedGeneration") == metadata["generation"] and all(
        status.get(count, 0) == wanted["replicas"]
        for count in ("replicas", "readyReplicas", "updatedReplicas")
    )


def write_secrets_chart(
    folder: Path, values: Mapping[str, Any], contents: Mapping[str, Any], hosts: Sequence[str]
) -> None:
    """A small chart like upstream's, with a site's values beside it; its Secrets have the ``contents``."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: secrets\nversion: 0.1.0\n")
    (folder / "templates" / "secrets.yaml").write_text(_SECRETS)
    (folder / "values.yaml").write_text(fast_yaml.dump(dict(values)))
    (folder / "values-secret.yaml").write_text(fast_yaml.dump({"contents": dict(contents)}))
    certificates = folder / "files" / "panda_certs"
    certificates.mkdir(parents=True)
    made = make_authority("A site's authority", now=datetime.now(UTC)).issue(tuple(hosts))
    for name, part in (("hostcert.pem", "certificate"), ("hostkey.pem", "key"), ("chain.pem", "chain")):
        (certificates / name).write_text(getattr(made, part))
