"""The Helm CLI, which renders charts like the Helm inside the Kubernetes plugin."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panda_infra.clients.programs import on_path, run
from panda_infra.errors import PandaInfraError

__all__ = ["Helm", "HelmError", "find_helm"]


class HelmError(PandaInfraError):
    """Helm is missing, or refuses a chart."""


@dataclass(frozen=True)
class Helm:
    """The CLI; ``kube_version`` is the version of the cluster for which charts are rendered."""

    executable: str
    kube_version: str = ""

    def render(
        self, release: str, chart: Path, namespace: str, values: Mapping[str, Any], *, hooks: bool = False
    ) -> str:
        """Render the manifest of a release as in Helm's record, with ``hooks`` those too.

        Raises:
            HelmError: Helm refuses the chart or its values.
        """
        version = ["--kube-version", self.kube_version] if self.kube_version else []
        where = ["--namespace", namespace, *([] if hooks else ["--no-hooks"]), *version]
        return self._run("template", release, str(chart), *where, "--values", "-", stdin=json.dumps(values))

    def pull(self, reference: str, version: str, folder: Path) -> None:
        """Unpack a chart of a registry below a folder.

        Raises:
            HelmError: the chart cannot be downloaded.
        """
        self._run("pull", reference, "--version", version, "--untar", "--untardir", str(folder))

    def test(
        self, release: str, namespace: str, names: Sequence[str], *, kubeconfig: str, seconds: float
    ) -> None:
        """Run the tests of a release that have these names.

        Raises:
            HelmError: one fails, or does not end within the time.
        """
        only = [word for name in names for word in ("--filter", f"name={name}")]
        limit = f"{seconds:.0f}s"
        self._run("test", release, "--namespace", namespace, "--timeout", limit, *only, KUBECONFIG=kubeconfig)

    def _run(self, *arguments: str, stdin: str = "", **environment: str) -> str:
        done = run([self.executable, *arguments], stdin=stdin, environment=environment)
        if done.code:
            raise HelmError(f"`helm {' '.join(arguments[:3])}` failed: {done.last_error}")
        return done.text


def find_helm(kube_version: str = "") -> Helm:
    """Find the CLI on PATH.

    Raises:
        HelmError: it is missing.
    """
    return Helm(on_path("helm", "Helm 3", HelmError), kube_version)
