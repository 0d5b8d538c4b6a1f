"""The files of a panda-k8s checkout that hold a site's own values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config import yaml_nodes
from panda_infra.config.scalars import native, read_values
from panda_infra.config.unresolved import ciphertext
from panda_infra.errors import PandaInfraError
from panda_infra.products.imports import Upstream
from panda_infra.products.registry import EXPERIMENTS
from panda_infra.tree import merged

__all__ = ["VALUES_KEYS", "ChartValues", "Checkout", "MigrationError", "Tree", "content_of", "mapping"]

Tree = dict[str, Any]

VALUES_KEYS: Mapping[str, tuple[str, ...]] = {
    name: experiment.upstream for name, experiment in EXPERIMENTS.items() if experiment.upstream
}
"""The names of each experiment's values files, for the experiments of which upstream has any."""
_DEFAULTS = "values.yaml"
_OWN = "values-secret.yaml"


class MigrationError(PandaInfraError):
    """A checkout that cannot be read."""


@dataclass(frozen=True)
class ChartValues:
    """One chart's values: an experiment's own, and the defaults.

    ``file`` is relative to the checkout. ``templates`` maps each sub-chart to the text of its templates.
    """

    file: str
    own: Tree
    defaults: Tree
    templates: Mapping[str, str]

    def reads(self, path: tuple[str, ...]) -> bool:
        """Return whether any template of the chart can read the value at ``path``."""
        sub, *keys = path
        if sub not in self.templates:
            return sub == "global" or _mentions("".join(self.templates.values()), sub)
        text = self.templates[sub]
        depth = 2 if keys and keys[0].startswith("persistentvolume") else 1
        return all(_mentions(text, key) for key in keys[:depth])


class Checkout:
    """A checkout of ``upstream`` in ``folder``."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.folder, self.upstream = folder, upstream
        if not (folder / "helm").is_dir() or not (folder / "secrets").is_dir():
            raise MigrationError(
                f"{folder} is no checkout of {upstream.name}: it has no folders `helm` and `secrets`. Name the folder "
                f"that `git clone {upstream.address}` made."
            )

    @property
    def secrets(self) -> Path:
        """The folder of the secrets chart."""
        return self.folder / "secrets"

    def secret_files(self, given: Sequence[Path] = ()) -> list[Path]:
        """The values files of the secrets chart in Helm's order: the chart's own, then the ``given`` ones.

        If none are given, a site's values-secret.yaml is used if it exists.

        Raises:
            MigrationError: a given file is missing.
        """
        for file in given:
            if not file.is_file():
                raise MigrationError(
                    f"{file}: there is no such file; name a values file of the secrets chart"
                )
        own = list(given) or [self.secrets / _OWN]
        return [file for file in (self.secrets / _DEFAULTS, *own) if file.is_file()]

    def other_secret_files(self, read: Sequence[Path]) -> list[Path]:
        """Values files of the secrets chart that were not read."""
        known = {file.resolve() for file in read}
        return [file for file in sorted(self.secrets.glob("values*.y*ml")) if file.resolve() not in known]

    def secret_values(self, files: Sequence[Path]) -> Tree:
        """The values of the secrets chart; later files override earlier ones."""
        return merged(*(_scalars(file, self.shown(file)) for file in files))

    def shown(self, file: Path) -> str:
        """A file's path for messages: relative to the checkout if it is inside."""
        return str(file.relative_to(self.folder)) if file.is_relative_to(self.folder) else str(file)

    def chart(self, name: str, experiment: str) -> ChartValues | None:
        """A chart's values for an experiment; None when the chart has no file for it."""
        folder = self.folder / "helm" / name
        for key in VALUES_KEYS[experiment]:
            file = folder / "values" / f"values-{key}.yaml"
            if file.is_file():
                return ChartValues(
                    file=self.shown(file),
                    own=native(_scalars(file)),
                    defaults=self._defaults(folder),
                    templates=_templates(folder),
                )
        return None

    def _defaults(self, chart: Path) -> Tree:
        subs = {
            file.parent.name: native(_scalars(file)) for file in sorted(chart.glob("charts/*/values.yaml"))
        }
        return merged(subs, native(_scalars(chart / _DEFAULTS)))


def mapping(value: object) -> Tree:
    """The value if it is a mapping, else an empty one: other values in its place are listed with the leaves."""
    return value if isinstance(value, dict) else {}


def content_of(file: Path) -> bytes:
    """The content of a file of a checkout.

    Raises:
        MigrationError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise MigrationError(f"{file}: cannot be read: {error.strerror}") from None


def _scalars(file: Path, shown: str = "") -> Tree:
    """The mapping in a values file, with a ``Scalar`` at each end; empty when there is no such file."""
    if not file.is_file():
        return {}
    text = content_of(file).decode(errors="replace")
    try:
        content = read_values(text, shown)
    except yaml.YAMLError as error:
        at = f", {place}" if (place := yaml_nodes.place(error)) else ""
        words = ciphertext(text) or "is not valid YAML in UTF-8; correct the file first"
        raise MigrationError(f"{file}{at}: {words}") from None
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise MigrationError(f"{file}: is not UTF-8; correct the file first")
    if isinstance(content, dict) and isinstance(content.get("sops"), dict):
        raise MigrationError(f"{file}: is encrypted by sops: decrypt it first, e.g. `sops decrypt -i {file}`")
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise MigrationError(f"{file}: {ciphertext(text) or 'must be a mapping of keys to values'}")
    return content


def _templates(chart: Path) -> dict[str, str]:
    files = {
        sub.name: sorted(sub.glob("templates/**/*")) for sub in sorted(chart.glob("charts/*")) if sub.is_dir()
    }
    texts = {name: "\n".join(_text(file) for file in found) for name, found in files.items()}
    return texts | {"": "\n".join(_text(file) for file in sorted(chart.glob("templates/**/*")))}


def _text(file: Path) -> str:
    return content_of(file).decode(errors="replace") if file.is_file() else ""


def _mentions(text: str, key: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text) is not None
