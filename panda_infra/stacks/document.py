"""New stack files: the settings as YAML that a person edits further."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.stacks.replace import create

__all__ = ["SCHEMA_COMMENT", "compose", "write_new"]

SCHEMA_COMMENT = "# yaml-language-server: $schema=docs/stack.schema.json"
# The program names a provider for every resource; one that it forgot must not end up in the user's current cluster.
_ENGINE = {"pulumi:disable-default-providers": ["kubernetes", "openstack"]}


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
    create(file, compose(sections, title).encode())
