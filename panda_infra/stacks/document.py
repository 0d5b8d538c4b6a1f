"""New stack files: the settings as YAML that a person edits further, the secrets through the Pulumi CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.pulumi import Pulumi

__all__ = ["SCHEMA_COMMENT", "compose", "encrypt", "write_new"]

SCHEMA_COMMENT = "# yaml-language-server: $schema=docs/stack.schema.json"
# The program names a provider for every resource; one that it forgot must not end up in the user's current cluster.
_ENGINE = {"pulumi:disable-default-providers": ["kubernetes", "openstack"]}

Progress = Callable[[KeyPath], None]


class _Dumper(yaml.SafeDumper):
    """YAML as a person writes it: lists indented, texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def compose(sections: Mapping[str, Any], title: str) -> str:
    """The text of a stack file, its sections in the order of the documentation."""
    order = [str(info.alias) for info in StackConfig.model_fields.values()]
    config = _ENGINE | {f"{NAMESPACE}:{name}": sections[name] for name in order if name in sections}
    body = yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return f"{SCHEMA_COMMENT}\n# {title}\n{body}"


def write_new(file: Path, sections: Mapping[str, Any], title: str) -> None:
    """Write a stack file that is not there yet.

    Raises:
        PandaInfraError: it is there.
    """
    try:
        with file.open("x", encoding="utf-8") as handle:
            handle.write(compose(sections, title))
    except FileExistsError:
        raise PandaInfraError(f"{file.name} exists already: it would be overwritten") from None


def encrypt(
    pulumi: Pulumi, stack: str, secrets: Mapping[KeyPath, str], progress: Progress = lambda _: None
) -> None:
    """Store values below ``secrets`` of a stack file, one after the other: the CLI rewrites the file each time."""
    for path, value in secrets.items():
        pulumi.set_secret(stack, ("secrets", *path), value)
        progress(path)
