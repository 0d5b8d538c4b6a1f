"""A record of a deployment as artifacts of a registry, and back.

The record itself is an artifact whose digest identifies it. A second one, which cosign finds by that digest, has the
signed statement about it: in-toto's, in an envelope of DSSE.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

from panda_infra.clients.registry.artifacts import digest_of
from panda_infra.clients.registry.manifests import MANIFEST
from panda_infra.provenance.keys import is_signed, signature

__all__ = [
    "ENVELOPE",
    "KIND",
    "PREDICATE",
    "Artifact",
    "RecordFlawError",
    "artifact",
    "attestation",
    "attestation_tag",
    "envelope",
    "opened",
]

KIND = "application/vnd.panda-infra.deployment.v1+json"
"""The type of the artifact that a record is."""
PREDICATE = "https://panda-infra/deployment/v1"
"""The type of the statement's predicate."""
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
"""The type of the layer that has the signed statement."""
_STATEMENT = "https://in-toto.io/Statement/v1"
_PAYLOAD = "application/vnd.in-toto+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_EMPTY, _EMPTY_KIND = b"{}", "application/vnd.oci.empty.v1+json"


class RecordFlawError(Exception):
    """The content of the registry is not the record that was signed; the text completes "record 7 ..."."""


@dataclass(frozen=True)
class Artifact:
    """A manifest and the blobs that it names."""

    manifest: bytes
    blobs: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return digest_of(self.manifest)


def artifact(body: Mapping[str, Any]) -> Artifact:
    """The artifact of a record; equal records have equal digests."""
    layer = _canonical(body)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": KIND,
        "config": _descriptor(_EMPTY_KIND, _EMPTY),
        "layers": [_descriptor(KIND, layer)],
    }
    return Artifact(_canonical(manifest), (_EMPTY, layer))


def envelope(body: Mapping[str, Any], key: EllipticCurvePrivateKey) -> bytes:
    """The signed statement that a record is what was deployed."""
    subject = {
        "name": f"{body['stack']}.{body['number']}",
        "digest": {"sha256": artifact(body).digest.partition(":")[2]},
    }
    payload = _canonical(
        {"_type": _STATEMENT, "subject": [subject], "predicateType": PREDICATE, "predicate": body}
    )
    signed = b64encode(signature(key, _encoded(_PAYLOAD, payload))).decode()
    return _canonical(
        {
            "payloadType": _PAYLOAD,
            "payload": b64encode(payload).decode(),
            "signatures": [{"keyid": "", "sig": signed}],
        }
    )


def attestation(signed: bytes) -> Artifact:
    """The artifact that has the signed statement, as cosign stores attestations."""
    config = _canonical(
        {
            "architecture": "",
            "os": "",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(signed)]},
        }
    )
    layer = _descriptor(ENVELOPE, signed) | {
        "annotations": {"dev.cosignproject.cosign/signature": "", "predicateType": PREDICATE}
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(_CONFIG, config),
        "layers": [layer],
    }
    return Artifact(_canonical(manifest), (config, signed))


def attestation_tag(digest: str) -> str:
    """The tag under which cosign looks for statements about an artifact."""
    return f"{digest.replace(':', '-')}.att"


def opened(signed: bytes, digest: str, keys: Sequence[EllipticCurvePublicKey]) -> dict[str, Any]:
    """The record in a signed statement about the artifact with this digest.

    Raises:
        RecordFlawError: none of the keys has signed it, or it is about something else.
    """
    try:
        outer = json.loads(signed)
        kind, payload = str(outer["payloadType"]), b64decode(outer["payload"], validate=True)
        found = [b64decode(each["sig"], validate=True) for each in outer["signatures"]]
    except (ValueError, LookupError, TypeError):
        raise RecordFlawError("has no signed statement") from None
    if not any(is_signed(_encoded(kind, payload), each, keys) for each in found):
        raise RecordFlawError("is not signed by a key of `provenance.publicKey`")
    # From here on the content is trusted: the stack's own key has signed it.
    statement = json.loads(payload)
    if kind != _PAYLOAD or statement.get("predicateType") != PREDICATE:
        raise RecordFlawError("has a statement of another kind")
    body: dict[str, Any] = statement["predicate"]
    if artifact(body).digest != digest:
        raise RecordFlawError("is not the one that was signed")
    return body


def _encoded(kind: str, payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's encoding of type and content, so that neither can be taken for the other."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def _descriptor(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
