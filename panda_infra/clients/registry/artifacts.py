"""A repository of an OCI registry: reads artifacts, and adds new ones without overwriting a tag."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from panda_infra.clients.registry.login import RegistryError
from panda_infra.clients.registry.manifests import IMAGE_KINDS, MANIFEST, image_place
from panda_infra.clients.registry.transport import address, ask
from panda_infra.errors import PandaInfraError

__all__ = ["Repository", "TakenError", "digest_of"]

_INDEX = "application/vnd.oci.image.index.v1+json"
_BYTES = "application/octet-stream"
_NEXT = 'rel="next"'


class TakenError(PandaInfraError):
    """A tag exists, and is never overwritten."""


def digest_of(content: bytes) -> str:
    """The digest of a manifest or a blob, as registries spell it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Repository:
    """A repository by the registry's host and port and its name there; every method may raise `RegistryError`."""

    host: str
    name: str

    @classmethod
    def at(cls, reference: str) -> Repository:
        """The repository ``oci://HOST/NAME``."""
        host, _, name = reference.removeprefix("oci://").partition("/")
        return cls(host, name)

    @classmethod
    def of_image(cls, repository: str) -> Repository:
        """The repository of an image, as container runtimes find it."""
        return cls(*image_place(repository))

    def tags(self) -> Iterator[str]:
        """Every tag; none if nothing was pushed yet."""
        url = self._url("tags/list")
        while url:
            answer = ask("GET", url, f"the tags of {self.name}")
            if answer is None:
                return
            yield from self._document(answer.content).get("tags") or ()
            link = str(answer.headers.get("Link") or "")
            url = urljoin(url, link.partition("<")[2].partition(">")[0]) if _NEXT in link else ""

    def manifest(self, reference: str) -> bytes | None:
        """The manifest under a tag or a digest; None if there is none."""
        headers = {"Accept": IMAGE_KINDS}
        answer = ask("GET", self._url(f"manifests/{reference}"), f"{self.name}:{reference}", headers=headers)
        return answer.content if answer else None

    def blob(self, digest: str) -> bytes | None:
        """The content with this digest; None if there is none, or another one in its place."""
        answer = ask("GET", self._url(f"blobs/{digest}"), f"{self.name}@{digest}")
        return answer.content if answer and digest_of(answer.content) == digest else None

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        """The descriptors of what refers to an image, such as its SBOM.

        Registries without the API for that have an index under a tag that is made of the digest.
        """
        url = self._url(f"referrers/{digest}")
        answer = ask("GET", url, f"what refers to {self.name}@{digest}", headers={"Accept": _INDEX})
        content = answer.content if answer else self.manifest(digest.replace(":", "-"))
        found = self._document(content).get("manifests") if content else None
        return [each for each in found or () if isinstance(each, dict)]

    def upload(self, content: bytes) -> None:
        """Store a blob; one that the registry already has is not sent."""
        digest = digest_of(content)
        what = f"{self.name}@{digest}"
        if ask("HEAD", self._url(f"blobs/{digest}"), what):
            return
        begun = ask("POST", self._url("blobs/uploads/"), what, content=b"")
        place = str(begun.headers.get("Location") or "") if begun else ""
        if not begun or not place:
            raise RegistryError(f"the registry {self.host} takes nothing for {self.name}")
        url = urljoin(begun.url, place)
        url = f"{url}{'&' if urlsplit(url).query else '?'}digest={quote(digest)}"
        if ask("PUT", url, what, headers={"Content-Type": _BYTES}, content=content) is None:
            raise RegistryError(f"the registry {self.host} has forgotten the upload of {what}")

    def add(self, tag: str, manifest: bytes) -> None:
        """Store a manifest under a new tag, and verify that the registry has it.

        Raises:
            TakenError: there is another one under that tag, which stays.
            RegistryError: it cannot be stored.
        """
        if self.manifest(tag) not in (None, manifest):
            raise TakenError(f"{self.host}/{self.name} has something else under the tag {tag}")
        what = f"{self.name}:{tag}"
        url = self._url(f"manifests/{tag}")
        ask("PUT", url, what, headers={"Content-Type": MANIFEST}, content=manifest)
        if self.manifest(tag) != manifest:
            raise TakenError(
                f"{self.host}/{self.name} got something else under the tag {tag} at the same time"
            )

    def _url(self, path: str) -> str:
        return address(self.host, self.name, path)

    def _document(self, content: bytes) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise RegistryError(f"the registry {self.host} answers something else than JSON for {self.name}")
        return found
