"""Who reads which Secret."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.consumers import awaited, existing_secrets, readers, uses
from tests.support.panda import COMPONENTS
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


@pytest.mark.parametrize("off", [("panda", "server"), ("harvester", "harvester"), ("iam-db", "backup")])
def test_what_is_switched_off_still_waits_for_secrets_of_others(off: tuple[str, str]) -> None:
    """Where a dependency ends, a targeted update takes the Secret for a second one of its name."""
    component, sub = off
    deployed: dict[str, Any] = {name: {} for name in COMPONENTS}
    before = readers(config({**MINIMAL, "components": deployed}))
    after = readers(config({**MINIMAL, "components": {**deployed, component: {sub: {"enabled": False}}}}))
    assert set(awaited(after, component)) == set(awaited(before, component)) & set(after)


def test_a_component_waits_for_no_other_secret() -> None:
    known = readers(config({**MINIMAL, "components": {"panda": {}, "harvester": {}, "msgsvc": {}}}))
    assert awaited(known, "msgsvc") == ["msgsvc-envs"]
