"""The Helm CLI, which renders charts as the plugin's own Helm does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panda_infra.clients.programs import on_path, run
from panda_infra.errors import PandaInfraError

__all__ = ["Helm", "HelmError", "find_helm"]


class HelmError(PandaInfraError):
    """Helm is not there, or refuses a chart."""


@dataclass(frozen=True)
class Helm:
    """The CLI; ``kube_version`` is that of the cluster for which charts are rendered."""

    executable: str
    kube_version: str = ""

    def render(self, release: str, chart: Path, namespace: str, values: Mapping[str, Any]) -> str:
        """The manifest of a release, without hooks, as its record would have it.

        Raises:
            HelmError: Helm refuses the chart or its values.
        """
        version = ["--kube-version", self.kube_version] if self.kube_version else []
        where = ["--namespace", namespace, "--no-hooks", *version]
        return self._run("template", release, str(chart), *where, "--values", "-", stdin=json.dumps(values))

    def pull(self, reference: str, version: str, folder: Path) -> None:
        """Unpack a chart of a registry below a folder.

        Raises:
            HelmError: the registry does not give it.
        """
        self._run("pull", reference, "--version", version, "--untar", "--untardir", str(folder))

    def _run(self, *arguments: str, stdin: str = "") -> str:
        done = run([self.executable, *arguments], stdin=stdin)
        if done.code:
            raise HelmError(f"`helm {' '.join(arguments[:3])}` failed: {done.last_error}")
        return done.text


def find_helm(kube_version: str = "") -> Helm:
    """The CLI on PATH.

    Raises:
        HelmError: there is none.
    """
    return Helm(on_path("helm", "Helm 3", HelmError), kube_version)
