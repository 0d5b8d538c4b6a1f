"""Where images are in a registry that has copies of others."""

from __future__ import annotations

import pytest

from panda_infra.config.registry import Registry

_DIGEST = "sha256:" + 8 * "0123abcd"


@pytest.mark.parametrize(
    ("image", "pulled"),
    [
        ("mariadb", "harbor.site.org/copies/docker.io/library/mariadb"),
        ("python:3.12", "harbor.site.org/copies/docker.io/library/python:3.12"),
        (f"rucio/server:1@{_DIGEST}", f"harbor.site.org/copies/docker.io/rucio/server:1@{_DIGEST}"),
        ("docker.io/rucio/server", "harbor.site.org/copies/docker.io/rucio/server"),
        ("ghcr.io/pandawms/panda-server", "harbor.site.org/copies/github/pandawms/panda-server"),
        ("registry.site.org:5000/a/b", "harbor.site.org/copies/registry.site.org:5000/a/b"),
        ("harbor.site.org/own/image:2", "harbor.site.org/own/image:2"),
    ],
)
def test_each_image_has_its_place(image: str, pulled: str) -> None:
    registry = Registry(prefix="harbor.site.org/copies", projects={"ghcr.io": "github"})
    assert registry.through(image) == pulled
