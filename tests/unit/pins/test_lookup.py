"""Registries are asked for charts and images, each in its own way."""

from __future__ import annotations

import pytest

from panda_infra.clients.registry.login import RegistryNotFoundError
from panda_infra.pins import lookup
from panda_infra.pins.pins import Pin, pins
from tests.support.stacks import stack

_DIGEST = "sha256:" + "3" * 64


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []

    def of_chart(*words: str) -> str:
        found.append(words)
        return _DIGEST

    def of_image(repository: str, tag: str) -> str:
        found.append((repository, tag))
        if repository.endswith("panda-jedi"):
            raise RegistryNotFoundError(f"{repository} has no tag {tag}")
        return "" if repository.endswith("panda-server") else _DIGEST

    monkeypatch.setattr(lookup, "chart_digest", of_chart)
    monkeypatch.setattr(lookup, "image_digest", of_image)
    return found


def test_every_digest_is_found_or_named(asked: list[tuple[str, ...]]) -> None:
    wanted = [
        Pin(("components", "panda", "chart"), "chart", "panda", "oci://charts", "0.1.1", None),
        *(
            Pin(("components", "panda", name, "image"), "image", image, f"ghcr.io/a/{image}", "1.0", None)
            for name, image in (("server", "panda-server"), ("jedi", "panda-jedi"), ("postgres", "postgres"))
        ),
    ]
    found, problems = lookup.digests(wanted)
    assert {pin.key for pin in found} == {"components.panda.chart", "components.panda.postgres.image"} | {
        "components.panda.server.image"
    } - {problem.where for problem in problems}
    assert [problem.where for problem in problems] == [
        "components.panda.server.image",
        "components.panda.jedi.image",
    ]
    assert ("oci://charts", "panda", "0.1.1") in asked
    assert ("ghcr.io/a/panda-jedi", "1.0") in asked


def test_every_image_of_a_stack_has_a_registry_to_ask() -> None:
    assert all(pin.repository and pin.tag for pin in pins(stack()))
