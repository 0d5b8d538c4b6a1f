"""The records of a stack in a registry: numbered, each with the digest of the one before, and never overwritten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

from panda_infra.clients.registry.artifacts import Repository, digest_of
from panda_infra.provenance.record import (
    ENVELOPE,
    Artifact,
    RecordFlawError,
    artifact,
    attestation,
    attestation_tag,
    envelope,
    opened,
)

__all__ = ["Entry", "Ledger"]

_AT_ONCE = 8


@dataclass(frozen=True)
class Entry:
    """A record as it was found. ``flaw`` completes "record 7 ..."; a record with one may have no ``body``."""

    number: int
    digest: str = ""
    body: Mapping[str, Any] | None = None
    flaw: str = ""


@dataclass(frozen=True)
class Ledger:
    """The records of one stack in a repository, which other stacks may share; the keys are those of its signatures."""

    repository: Repository
    stack: str
    keys: Sequence[EllipticCurvePublicKey]

    def numbers(self) -> list[int]:
        """The numbers of the records, in order."""
        form = re.compile(rf"{re.escape(self.stack)}\.([1-9][0-9]*)")
        return sorted(int(match[1]) for tag in self.repository.tags() if (match := form.fullmatch(tag)))

    def entries(self) -> list[Entry]:
        """Every record from the first to the newest, each with what is wrong with it.

        Raises:
            RegistryError: the registry cannot be asked.
        """
        numbers = self.numbers()
        every = range(1, numbers[-1] + 1) if numbers else ()
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            found = list(pool.map(self._entry, every))
        return list(_chained(found))

    def digest(self, number: int) -> str | None:
        """The digest of a record as it is there now; None if it is not."""
        manifest = self.repository.manifest(self._tag(number))
        return digest_of(manifest) if manifest else None

    def append(self, body: Mapping[str, Any], key: EllipticCurvePrivateKey) -> Entry:
        """Add a record behind the newest one.

        Args:
            body: the record, without its number and its predecessor.
            key: for the signature.

        Raises:
            TakenError: another record was added meanwhile, which stays.
            RegistryError: the record cannot be stored.
        """
        numbers = self.numbers()
        last = numbers[-1] if numbers else 0
        before = self.repository.manifest(self._tag(last)) if last else None
        number = last + 1
        whole = {"number": number, "previous": digest_of(before) if before else None, **body}
        signed = envelope(whole, key)
        made = artifact(whole)
        # The statement comes first: a record without one would be broken.
        self._store(attestation_tag(made.digest), attestation(signed))
        self._store(self._tag(number), made)
        return Entry(number, made.digest, whole)

    def _store(self, tag: str, made: Artifact) -> None:
        for blob in made.blobs:
            self.repository.upload(blob)
        self.repository.add(tag, made.manifest)

    def _tag(self, number: int) -> str:
        return f"{self.stack}.{number}"

    def _entry(self, number: int) -> Entry:
        manifest = self.repository.manifest(self._tag(number))
        if manifest is None:
            return Entry(number, flaw="is missing")
        digest = digest_of(manifest)
        try:
            body = self._body(digest)
        except RecordFlawError as flaw:
            return Entry(number, digest, flaw=str(flaw))
        if (body["stack"], body["number"]) != (self.stack, number):
            return Entry(number, digest, flaw=f"is record {body['number']} of stack {body['stack']}")
        return Entry(number, digest, body)

    def _body(self, digest: str) -> dict[str, Any]:
        """The signed record of the artifact with this digest; statements of others about it are passed over."""
        flaws = []
        for signed in self._envelopes(digest):
            try:
                return opened(signed, digest, self.keys)
            except RecordFlawError as flaw:
                flaws.append(flaw)
        raise flaws[0] if flaws else RecordFlawError("has no signed statement")

    def _envelopes(self, digest: str) -> Iterator[bytes]:
        try:
            layers = (
                json.loads(self.repository.manifest(attestation_tag(digest)) or b"{}").get("layers") or ()
            )
            blobs = [str(each["digest"]) for each in layers if each.get("mediaType") == ENVELOPE]
        except (ValueError, LookupError, TypeError, AttributeError):
            return
        for each in blobs:
            if (content := self.repository.blob(each)) is not None:
                yield content


def _chained(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The records, with a flaw of each that does not name the one before it."""
    before = None
    for each in entries:
        if each.body is not None and each.body["previous"] != before:
            named = each.body["previous"] or "none"
            flaw = f"names {named} as the one before it, which is {before or 'missing'}"
            yield Entry(each.number, each.digest, each.body, flaw)
        else:
            yield each
        before = each.digest or None
