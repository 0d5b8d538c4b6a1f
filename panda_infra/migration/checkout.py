"""The files of a panda-k8s checkout that hold a site's own values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from panda_infra.errors import PandaInfraError
from panda_infra.plan.values.merge import merged

__all__ = ["VALUES_KEYS", "ChartValues", "Checkout", "MigrationError", "Tree"]

Tree = dict[str, Any]

# Upstream calls the same experiment differently from chart to chart; the first file that exists is the one.
VALUES_KEYS: Mapping[str, tuple[str, ...]] = {
    "atlas-testbed": ("atlas_testbed", "cern"),  # its broker runs with DOMA's values
    "ctao": ("ctao",),
    "dev": ("dev", "atlas-dev"),
    "doma": ("doma-k8s", "cern", "doma"),
    "local": ("local",),
    "lsst": ("lsst",),
    "lsst-prod": ("lsst-prod", "lsst_prod"),
    "sphenix": ("sphenix",),
}


class MigrationError(PandaInfraError):
    """A checkout that cannot be read."""


@dataclass(frozen=True)
class ChartValues:
    """One chart's values: an experiment's own, and what holds without them.

    ``file`` is relative to the checkout. ``templates`` maps each sub-chart to the text of its templates.
    """

    file: str
    own: Tree
    defaults: Tree
    templates: Mapping[str, str]

    def reads(self, path: tuple[str, ...]) -> bool:
        """Whether a template of the chart can read the value at ``path`` at all."""
        sub, *keys = path
        if sub not in self.templates:
            return sub == "global" or _mentions("".join(self.templates.values()), sub)
        text = self.templates[sub]
        depth = 2 if keys and keys[0].startswith("persistentvolume") else 1
        return all(_mentions(text, key) for key in keys[:depth])


class Checkout:
    """A checkout in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "helm").is_dir() or not (folder / "secrets").is_dir():
            raise MigrationError(
                f"{folder} is no checkout of panda-k8s: it has no folders `helm` and `secrets`. Name the folder "
                "that `git clone https://github.com/PanDAWMS/panda-k8s` made."
            )

    @property
    def files(self) -> Path:
        """The folder of the secrets chart with certificates and other files."""
        return self.folder / "secrets" / "files"

    def secret_values(self) -> Tree:
        """The values of the secrets chart: values.yaml, and over it a site's values-secret.yaml."""
        names = ("values.yaml", "values-secret.yaml")
        # Every scalar as the text that stands there: a password of digits is no number.
        return merged(*(_tree(self.folder / "secrets" / name, yaml.CBaseLoader) for name in names))

    def chart(self, name: str, experiment: str) -> ChartValues | None:
        """A chart's values for an experiment; None when the chart has no file for it."""
        folder = self.folder / "helm" / name
        for key in VALUES_KEYS[experiment]:
            file = folder / "values" / f"values-{key}.yaml"
            if file.is_file():
                return ChartValues(
                    file=str(file.relative_to(self.folder)),
                    own=_tree(file),
                    defaults=self._defaults(folder),
                    templates=_templates(folder),
                )
        return None

    def _defaults(self, chart: Path) -> Tree:
        subs = {file.parent.name: _tree(file) for file in sorted(chart.glob("charts/*/values.yaml"))}
        return merged(subs, _tree(chart / "values.yaml"))


def _tree(file: Path, loader: Any = yaml.CSafeLoader) -> Tree:
    if not file.is_file():
        return {}
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both loaders are safe
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f", line {mark.line + 1}" if mark else ""
        raise MigrationError(f"{file}{at}: is not valid YAML in UTF-8; correct the file first") from None
    if content and not isinstance(content, dict):
        raise MigrationError(f"{file}: must be a mapping of keys to values")
    return content or {}


def _templates(chart: Path) -> dict[str, str]:
    files = {
        sub.name: sorted(sub.glob("templates/**/*")) for sub in sorted(chart.glob("charts/*")) if sub.is_dir()
    }
    texts = {name: "\n".join(_text(file) for file in found) for name, found in files.items()}
    return texts | {"": "\n".join(_text(file) for file in sorted(chart.glob("templates/**/*")))}


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _mentions(text: str, key: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text) is not None
