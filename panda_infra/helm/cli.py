"""The Helm CLI, which renders charts as the plugin's own Helm does."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        done = subprocess.run(
            [self.executable, *arguments], input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise HelmError(f"`helm {' '.join(arguments[:3])}` failed: {last}")
        return done.stdout


def find_helm(kube_version: str = "") -> Helm:
    """The CLI on PATH.

    Raises:
        HelmError: there is none.
    """
    executable = shutil.which("helm")
    if executable is None:
        raise HelmError(
            "Helm is not on PATH: install Helm 3, or run `python -m tools build helm` and then "
            '`eval "$(python -m tools env)"`'
        )
    return Helm(executable, kube_version)
