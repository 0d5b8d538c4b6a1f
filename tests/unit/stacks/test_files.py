"""The stack files as they are: complete but for what only their sites know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from panda_infra.plan.capacity import homeless
from panda_infra.plan.rules import check
from testbed import site
from tests.support.stack_files import STACKS, plan_of, stack_file

pytestmark = pytest.mark.parametrize("stack", STACKS)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def test_nothing_but_the_sites_values_is_missing(stack: str) -> None:
    config = site.configuration(site.filled(stack_file(stack)))
    assert check(config, stack=stack) == []


def test_only_hosts_of_databases_the_kubeconfig_and_secrets_are_left_to_the_site(stack: str) -> None:
    left = [key for key in site.gaps(stack_file(stack)) if not key.startswith("secrets.")]
    assert all(re.fullmatch(r"components\.\w+\.settings\.database\.host|cluster\.kubeconfig", key) for key in left)


def test_a_stack_file_points_editors_to_its_schema(stack: str) -> None:
    first = stack_file(stack).read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/stack.schema.json"


def test_no_image_moves_t40(stack: str) -> None:
    for release in plan_of(stack).releases:
        assert [text for text in texts(release.values) if text == "latest" or text.endswith(":latest")] == []


def test_every_pod_fits_a_node_t41(stack: str) -> None:
    assert homeless(plan_of(stack)) == []
