"""Puts encrypted values into a stack file without a change of anything else.

The Pulumi CLI encrypts into a temporary file. In the stack file it would drop anchors and unknown keys, reformat
numbers, and replace a section that is encrypted as a whole by the one new value.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.config import go_yaml, stackfile
from panda_infra.config.load import is_mapping
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import spelled, within
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.stacks import yaml_text
from panda_infra.stacks.replace import keep, replacing, restore
from panda_infra.stacks.yaml_text import PlaceError
from panda_infra.tree import put, value_at

__all__ = ["encrypt", "encryption_keys", "make_stack"]

_SECTION = f"{NAMESPACE}:secrets"
# All other top-level keys of the CLI are its encryption settings.
_NO_HEADER = ("config", "environment")

Progress = Callable[[KeyPath], None]
Configuration = tuple[Mapping[str, str], frozenset[str]]


def encrypt(
    pulumi: Pulumi, stack: str, secrets: Mapping[KeyPath, str], progress: Progress = lambda _: None
) -> None:
    """Store values below ``secrets`` of a stack file, all or none; a mapping encrypted as a whole stays so.

    Raises:
        PulumiError: the CLI refused.
        PandaInfraError: another value would be lost or changed; the file stays as it is.
        StackError: the file is not valid YAML.
    """
    if not secrets:
        return
    file = pulumi.folder / f"Pulumi.{stack}.yaml"
    content = file.read_bytes()
    text = content.decode()
    read, problems = stackfile.parse(text)
    if problems:
        raise StackError(file.name, problems)
    paths = {("secrets", *path): value for path, value in secrets.items()}
    mappings = [path for path in read.encrypted if is_mapping(path)]
    around = {path: _whole(path, mappings) for path in paths}
    wholes = {whole for whole in around.values() if whole}
    before = pulumi.config(stack)
    wanted = _opened(before, wholes, file)
    for path, value in paths.items():
        _check_place(wanted, path, file)
        put(wanted, path, value)
    values = {path: value for path, value in paths.items() if around[path] is None}
    values |= {whole: json.dumps(value_at(wanted, whole)) for whole in wholes}
    header, encrypted = _encrypted(pulumi, stack, encryption_keys(text), values, progress)
    changed = _put(text, header, encrypted, file)
    with replacing(file, content, changed.encode()) as draft:
        after = pulumi.config(stack, draft)
        lost = _differences(before, after, _changed(wanted, _opened(after, wholes, file)))
        if lost:
            raise PandaInfraError(
                f"{file.name} stays as it is: {', '.join(map(spelled, secrets))} cannot be stored without a change "
                f"of {', '.join(lost)}; write each of them out where it stands, without anchors and aliases"
            )


def make_stack(pulumi: Pulumi, stack: str, provider: str | None) -> None:
    """Make the stack in the backend, and add the encryption settings to its file without other changes.

    Raises:
        PulumiError: the CLI refused; the file stays as it was.
    """
    file = pulumi.folder / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        pulumi.create(stack, provider)
        return
    content = file.read_bytes()
    keep(file, content)
    try:
        pulumi.create(stack, provider)
    finally:
        rewritten = file.read_bytes()
        if rewritten != content:
            restore(file, content)
    if rewritten != content:
        text = content.decode()
        header = dict(encryption_keys(rewritten.decode()).items() - encryption_keys(text).items())
        with replacing(file, content, _put(text, dict(sorted(header.items())), {}, file).encode()):
            pass


def _whole(path: KeyPath, encrypted: Iterable[KeyPath]) -> KeyPath | None:
    """The mapping around a path that is encrypted as one value; None if there is none."""
    return next((whole for whole in encrypted if whole != path and within(path, whole)), None)


def _opened(configuration: Configuration, wholes: Iterable[KeyPath], file: Path) -> dict[str, Any]:
    """The section of the secrets below its name, with mappings that are encrypted as one value parsed."""
    text = configuration[0].get(_SECTION)
    section = {"secrets": _mapping(text, ("secrets",), file) if text else {}}
    for whole in wholes:
        if len(whole) > 1:
            put(section, whole, _mapping(value_at(section, whole), whole, file))
    return section


def _mapping(text: Any, path: KeyPath, file: Path) -> dict[str, Any]:
    """Parse the text of a mapping."""
    try:
        read = json.loads(text)
    except (TypeError, ValueError):
        read = None
    if not isinstance(read, dict):
        raise PandaInfraError(
            f"{file.name} stays as it is: {spelled(path)} is no mapping of secrets; if it is of no use, remove it: "
            f"`pulumi config rm --path '{NAMESPACE}:{spelled(path)}'`"
        )
    return read


def _check_place(section: Mapping[str, Any], path: KeyPath, file: Path) -> None:
    """Refuse a path at which another value would be lost."""
    found: Any = section
    for depth, part in enumerate(path):
        if not isinstance(found, Mapping):
            raise PandaInfraError(f"{file.name} stays as it is: {spelled(path[:depth])} is no mapping")
        if part not in found:
            return
        found = found[part]
    if isinstance(found, Mapping) and found:
        raise PandaInfraError(
            f"{file.name} stays as it is: {spelled(path)} is no value, it holds {', '.join(found)}"
        )


def encryption_keys(text: str) -> dict[str, str]:
    """The encryption settings of a stack file."""
    return {
        key: value
        for key, value in stackfile.document_of(text).items()
        if key not in _NO_HEADER and isinstance(value, str)
    }


def _encrypted(
    pulumi: Pulumi, stack: str, header: Mapping[str, str], values: Mapping[KeyPath, str], progress: Progress
) -> tuple[dict[str, str], dict[KeyPath, str]]:
    """The encryption settings that the CLI added, and the ciphertexts of the values."""
    with tempfile.TemporaryDirectory(prefix="panda-infra-") as folder:
        file = Path(folder) / "encrypted.yaml"
        file.write_text(go_yaml.dump(dict(header)) if header else "")
        for path, value in values.items():
            pulumi.set_secret(stack, path, value, file)
            progress(path[1:])
        text = file.read_text()
    section = stackfile.document_of(text)["config"][_SECTION]
    new = {key: value for key, value in encryption_keys(text).items() if key not in header}
    return new, {path: value_at(section, path[1:])["secure"] for path in values}


def _put(text: str, header: Mapping[str, str], encrypted: Mapping[KeyPath, str], file: Path) -> str:
    config = stackfile.document_of(text).get("config") or {}
    # The engine reads a section without a namespace as the project's own.
    section = "secrets" if "secrets" in config else _SECTION
    places: dict[KeyPath, str] = {(key,): value for key, value in header.items()}
    places |= {("config", section, *path[1:], "secure"): value for path, value in encrypted.items()}
    for path, value in places.items():
        try:
            text = yaml_text.put(text, path, value)
        except PlaceError as error:
            raise PandaInfraError(
                f"{file.name} stays as it is: {error}; write out first what stands there"
            ) from None
    return text


def _differences(before: Configuration, after: Configuration, secrets: list[str]) -> list[str]:
    """The keys whose value changed by mistake."""
    others = [
        key
        for key in sorted({*before[0], *after[0]} - {_SECTION})
        if (before[0].get(key), key in before[1]) != (after[0].get(key), key in after[1])
    ]
    return [*others, *secrets]


def _changed(wanted: Any, found: Any, path: KeyPath = ()) -> list[str]:
    if not (isinstance(wanted, Mapping) and isinstance(found, Mapping)):
        return [] if wanted == found else [spelled(path)]
    keys = sorted({*wanted, *found})
    return [lost for key in keys for lost in _changed(wanted.get(key), found.get(key), (*path, key))]
