"""Who delivers which component."""

from __future__ import annotations

import typing

from panda_infra.config.argo_delivery import ComponentName
from panda_infra.products.registry import COMPONENTS
from tests.support.stacks import stack


def test_helm_delivers_everything_unless_the_stack_says_otherwise() -> None:
    config = stack()
    assert not any(config.by_argo(name) for name in COMPONENTS)
    assert config.followed is None


def test_argo_cd_delivers_everything_but_what_stays_with_helm() -> None:
    assert all(stack(delivery="argocd").by_argo(name) for name in COMPONENTS)
    config = stack(delivery={"kind": "argocd", "byHelm": ["ui"], "follow": "feature/x"})
    assert not config.by_argo("ui")
    assert config.by_argo("panda")
    assert config.followed == "feature/x"


def test_the_stack_file_knows_every_component() -> None:
    assert set(typing.get_args(ComponentName)) == set(COMPONENTS)
