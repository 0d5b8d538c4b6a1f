"""Who reads which Secret."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.consumers import existing_secrets, readers, uses
from tests.unit.secrets.stacks import HOSTS, MINIMAL, config


@pytest.mark.parametrize(
    ("components", "suffixes"),
    [
        ({"ui": {}}, ["ui-certs", "ui-envs"]),
        ({"iam-db": {"backup": {"enabled": False}}}, ["iam-db-envs", "iam-initdb"]),
        ({"iam-db": {"mariadb": {"enabled": False}}}, ["iam-envs"]),
    ],
)
def test_only_what_is_switched_on_reads(components: dict[str, Any], suffixes: list[str]) -> None:
    assert list(readers(config({**MINIMAL, "components": components}))) == suffixes


def test_an_exposed_host_reads_its_certificate() -> None:
    stack = config({**MINIMAL, "components": {"panda": {}}, "hosts": HOSTS})
    assert [str(reader) for reader in readers(stack)["panda-tls-certs"]] == ["panda/ingress"]


def test_nobody_reads_files_instead_of_cric() -> None:
    assert "cric-jsons" not in {use.suffix for _, use in uses(config(cric={"real": True, "urls": {}}))}


def test_somebody_elses_secrets_are_those_that_components_name() -> None:
    stack = config(components={"ui": {"settings": {"existingSecrets": ["ui-certs"]}}})
    assert existing_secrets(stack) == {"ui-certs": "ui"}
