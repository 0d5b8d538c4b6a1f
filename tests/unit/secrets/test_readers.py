"""Each variable and file that is made has a reader, each reader gets what it needs, none asks somebody else's hosts.

`tests/contract/readers.yaml` is the table; `make test-consumers` starts those readers that registries have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from panda_infra.secrets.build import build
from tests.support import fast_yaml
from tests.support.panda import COMPONENTS
from tests.unit.secrets.test_contract import VARIANTS

TABLE: dict[str, Any] = fast_yaml.load(Path("tests/contract/readers.yaml").read_text())
READERS: dict[str, dict[str, str]] = TABLE["readers"]
READ: dict[str, dict[str, list[str]]] = TABLE["read"]
KEPT: dict[str, dict[str, str]] = TABLE["kept"]
# The charts' own containers take part of their environment from the chart.
CONTAINERS = {
    f"{component.name}/{sub.name}": sub
    for component in COMPONENTS.values()
    for sub in component.sub_components
}


def _environment(variant: str, container: str) -> Mapping[str, str] | None:
    """The variables that a container gets from the Secrets of a stack, None where the stack has no such container."""
    component, sub = container.split("/")
    stack = VARIANTS[variant]
    deployed = stack.components.deployed().get(component)
    if deployed is None or not getattr(deployed, sub).enabled:
        return None
    secrets = build(stack)
    variables: dict[str, str] = {}
    for use in CONTAINERS[container].secrets:
        if use.suffix.endswith("-envs") and use.suffix in secrets:
            variables |= {key: value.decode() for key, value in secrets[use.suffix].data.items()}
    return variables


def _read(suffix: str, key: str) -> Iterator[str]:
    for reader, keys in READ.get(suffix, {}).items():
        yield from (reader for known in keys if re.fullmatch(known, key))


def test_versions_are_those_of_the_images() -> None:
    for name, reader in READERS.items():
        if "image" in reader:
            sub = CONTAINERS[reader["image"]]
            _, tag = sub.default_image
            assert reader["version"] == tag, name


def test_every_reader_is_known() -> None:
    for suffix, files in READ.items():
        for reader in files:
            name, file = reader.split(" ")
            assert name in READERS or name.removeprefix("chart:") in COMPONENTS or name == "ours", reader
            if name == "ours":
                other, key = file.split("/")
                assert key in build(VARIANTS["full"])[other].data, suffix


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_made_is_read_or_kept_for_a_reason(variant: str) -> None:
    unread = [
        f"{suffix}/{key}"
        for suffix, content in build(VARIANTS[variant]).items()
        for key in content.data
        if not any(_read(suffix, key)) and not any(re.fullmatch(known, key) for known in KEPT.get(suffix, {}))
    ]
    assert unread == []


@pytest.mark.parametrize("container", TABLE["needed"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_needed_is_given(variant: str, container: str) -> None:
    variables = _environment(variant, container)
    if variables is None:
        return
    needed = TABLE["needed"][container]
    wanted = {*needed.get("given", ()), *needed["filled"]}
    assert wanted - set(variables) == set()
    assert [key for key in needed["filled"] if not variables[key].strip()] == []


@pytest.mark.parametrize("container", TABLE["foreign"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_no_default_leads_to_somebody_else(variant: str, container: str) -> None:
    variables = _environment(variant, container)
    if variables is None:
        return
    foreign: dict[str, str] = TABLE["foreign"][container]
    left = {key for key in foreign if key not in variables} - set(TABLE["harmless"])
    assert left == set()
    assert [key for key, host in foreign.items() if host in variables.get(key, "")] == []


def test_what_is_harmless_is_off_where_it_is_said_to_be() -> None:
    for variant in VARIANTS:
        bigmon, iam = (_environment(variant, each) for each in ("bigmon/main", "iam/main"))
        if bigmon is not None:
            assert ("cern" in bigmon["BIGMON_AUTH_PROVIDER_LIST"].split(",")) == (
                bigmon["SOCIAL_AUTH_CERNOIDC_KEY"] != ""
            )
        if iam is not None and "IAM_HEALTH_EXTERNAL_CONNECTIVITY_PROBE_ENDPOINT" not in iam:
            assert iam["IAM_HEALTH_EXTERNAL_CONNECTIVITY_PROBE_ENABLED"] == "false"


def test_the_charts_read_what_the_table_says(pytestconfig: pytest.Config) -> None:
    checkout: Path | None = pytestconfig.getoption("--upstream-charts")
    if checkout is None:
        pytest.skip("without --upstream-charts there is nothing to compare with")
    absent = [
        f"{reader}: {key}"
        for suffix, files in READ.items()
        for reader, keys in files.items()
        if reader.startswith("chart:") and suffix.endswith("-envs")
        for key in keys
        if key not in _chart_file(checkout, reader)
    ]
    assert absent == []


def _chart_file(checkout: Path, reader: str) -> str:
    chart, file = reader.removeprefix("chart:").split(" ")
    return (checkout / "helm" / chart / file).read_text()
