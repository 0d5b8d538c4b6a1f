"""Artifacts are stored once, found again, and never overwritten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panda_infra.clients.registry.artifacts import Repository, TakenError, digest_of
from panda_infra.clients.registry.login import RegistryError
from tests.support.oci_registry import OciRegistry, oci_registry


@pytest.fixture
def registry() -> Iterator[OciRegistry]:
    with oci_registry() as registry:
        yield registry


def test_what_was_stored_is_found_again(registry: OciRegistry) -> None:
    repository = registry.repository
    assert list(repository.tags()) == []
    assert repository.manifest("a.1") is None
    for number in range(1, 6):
        repository.add(f"a.{number}", b"{}")
    assert list(repository.tags()) == [f"a.{number}" for number in range(1, 6)]
    assert repository.manifest("a.3") == b"{}"


def test_a_blob_is_sent_once(registry: OciRegistry) -> None:
    for _ in range(2):
        registry.repository.upload(b"content")
    assert registry.sent == ["blobs/uploads/1"]
    assert registry.repository.blob(digest_of(b"content")) == b"content"


def test_another_content_in_place_of_a_blob_is_none(registry: OciRegistry) -> None:
    registry.blobs[digest_of(b"content")] = b"another"
    assert registry.repository.blob(digest_of(b"content")) is None


def test_a_tag_is_never_overwritten(registry: OciRegistry) -> None:
    registry.repository.add("a.1", b"{}")
    registry.repository.add("a.1", b"{}")
    with pytest.raises(TakenError, match=r"has something else under the tag a\.1"):
        registry.repository.add("a.1", b"[]")
    assert registry.manifests["a.1"] == b"{}"


@pytest.mark.parametrize("by_api", [True, False])
def test_referrers_are_found_with_and_without_the_api(registry: OciRegistry, *, by_api: bool) -> None:
    digest = digest_of(b"image")
    sbom = {"digest": "sha256:1", "artifactType": "application/spdx+json"}
    if by_api:
        registry.referrers[digest] = [sbom]
    else:
        registry.manifests[digest.replace(":", "-")] = (
            b'{"manifests": [{"digest": "sha256:1", "artifactType": "application/spdx+json"}]}'
        )
    assert registry.repository.referrers(digest) == [sbom]
    assert registry.repository.referrers(digest_of(b"other")) == []


def test_what_is_no_json_is_an_error(registry: OciRegistry) -> None:
    digest = digest_of(b"image")
    registry.manifests[digest.replace(":", "-")] = b"[]"
    with pytest.raises(RegistryError, match="something else than JSON"):
        registry.repository.referrers(digest)


def test_an_image_lies_where_runtimes_look() -> None:
    assert Repository.of_image("mariadb") == Repository("registry-1.docker.io", "library/mariadb")
    assert Repository.at("oci://harbor.site.org/a/b") == Repository("harbor.site.org", "a/b")
