"""Hashes by which pods are replaced when a Secret that they read only at start changes (T26)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from pydantic import SecretStr

from panda_infra.config.stack import Settings
from panda_infra.errors import PandaInfraError
from panda_infra.plan.consumers import Reader, uses
from panda_infra.products.content import SecretContent, reveal
from panda_infra.products.model import SecretUse

__all__ = ["ANNOTATION", "keyed_hash", "pod_annotations"]

ANNOTATION = "panda-infra/secrets-hash"


def pod_annotations(
    config: Settings, contents: Mapping[str, SecretContent], hash_key: SecretStr | None
) -> dict[tuple[str, str], dict[str, str]]:
    """The annotation of the pods of each (component, sub-component).

    Left out are Secrets and keys that a pod reads again while it runs, and Secrets that somebody else provides.
    The hash is keyed, because anyone who may read pods could guess a weak password from a plain hash. Adopted pods get
    no annotation until their Secrets change, because the annotation itself would replace them.

    Raises:
        PandaInfraError: `secrets.hashKey` is missing.
    """
    _key(hash_key)  # also without any Secret
    read: dict[Reader, list[SecretContent]] = {}
    for reader, use in uses(config):
        if use.suffix in contents and (part := _read_at_start(use, contents[use.suffix])):
            read.setdefault(reader, []).append(part)
    hashes = {
        reader: keyed_hash(hash_key, sorted(parts, key=lambda part: part.suffix))
        for reader, parts in read.items()
    }
    return {
        (reader.component, reader.sub_component): {ANNOTATION: digest}
        for reader, digest in hashes.items()
        if digest != _adopted(config, reader)
    }


def _read_at_start(use: SecretUse, content: SecretContent) -> SecretContent | None:
    """The part of a Secret whose changes take effect only after the pod is replaced."""
    part = {key: value for key, value in content.data.items() if use.reads_at_start(key)}
    return SecretContent(content.suffix, content.type, part) if part or use.read == "start" else None


def _adopted(config: Settings, reader: Reader) -> str | None:
    """The hash of the Secrets that a sub-component's pods had read when they were found."""
    adopted = config.components.deployed()[reader.component].adopted
    return adopted.secrets.get(reader.sub_component) if adopted else None


def keyed_hash(hash_key: SecretStr | None, contents: Iterable[SecretContent]) -> str:
    """The hash of the contents of Secrets, which reveals nothing without the key.

    Raises:
        PandaInfraError: `secrets.hashKey` is missing.
    """
    digest = hmac.new(_key(hash_key), digestmod=hashlib.sha256)
    for content in contents:
        for name, value in (("", content.suffix.encode()), *sorted(content.data.items())):
            for part in (name.encode(), value):
                # Lengths make sure that different contents give different bytes.
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:32]


def _key(hash_key: SecretStr | None) -> bytes:
    if key := reveal(hash_key):
        return key.encode()
    raise PandaInfraError(
        "secrets.hashKey: is missing: without it, pods would not notice that their Secrets have changed"
    )
