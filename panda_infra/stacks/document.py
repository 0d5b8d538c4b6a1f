"""New stack files: settings as YAML that people can edit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config import go_yaml
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE, UnreadableError, document_of
from panda_infra.stacks.encryption import encryption_keys
from panda_infra.stacks.replace import create, replacing
from panda_infra.stacks.yaml_text import put

__all__ = ["SCHEMA_COMMENT", "compose", "compose_site", "is_new", "write_new"]

SCHEMA_COMMENT = "# yaml-language-server: $schema=docs/stack.schema.json"
SITE_SCHEMA_COMMENT = "# yaml-language-server: $schema=../docs/site.schema.json"
# The program sets a provider for every resource. If it forgets one, the resource must not go to the current cluster.
_ENGINE = {"pulumi:disable-default-providers": ["kubernetes", "openstack"]}


class _Dumper(go_yaml.Dumper):
    """YAML as a person writes it: indented lists, multi-line texts as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else go_yaml.style(value)
    )


_Dumper.add_representer(str, _text)


def compose(sections: Mapping[str, Any], title: str) -> str:
    """The text of a stack file, with its sections in the order of the documentation."""
    order = [str(info.alias) for info in StackConfig.model_fields.values()]
    config = _ENGINE | {f"{NAMESPACE}:{name}": sections[name] for name in order if name in sections}
    body = yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return f"{SCHEMA_COMMENT}\n# {title}\n{body}"


def compose_site(sections: Mapping[str, Any], title: str) -> str:
    """The text of a site's file, with its sections in the order of the documentation."""
    order = [str(info.alias) for info in StackConfig.model_fields.values()]
    ordered = {name: sections[name] for name in order if name in sections}
    body = yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return f"{SITE_SCHEMA_COMMENT}\n# {title}\n{body}"


def is_new(file: Path) -> bool:
    """Return whether a stack has no file, or only the encryption settings that `pulumi stack init` writes."""
    try:
        return not document_of(file.read_text(encoding="utf-8")).get("config")
    except FileNotFoundError:
        return True
    except (OSError, ValueError, UnreadableError):
        return False


def write_new(file: Path, sections: Mapping[str, Any], title: str) -> None:
    """Write the file of a stack that ``is_new``, and keep its encryption settings.

    Raises:
        PandaInfraError: the file has other content already.
    """
    text = compose(sections, title)
    if not file.exists() or not is_new(file):
        create(file, text.encode())
        return
    before = file.read_bytes()
    for key, value in encryption_keys(before.decode()).items():
        text = put(text, (key,), value)
    with replacing(file, before, text.encode()):
        pass
