"""Whose an object is, as far as is written on it."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.live.met import met
from panda_infra.plan.ownership import MARK, Owner
from panda_infra.state.recorded import Recorded
from tests.support.kubernetes import MARKED, made

OWNER = Owner("panda-infra", "test", "0123456789abcdef")
PLACE = ("Secret", "panda", "it")


@pytest.mark.parametrize(
    ("item", "maker"),
    [
        (made("it"), "made by hand by kubectl-create"),
        ({"metadata": {"name": "it"}}, "made by hand"),
        (made("it", notes={MARK: "panda-infra/doma/ab"}), "of stack doma of panda-infra (owner ab)"),
        (made("it", release="alice", by="helm"), "of Helm release alice in panda"),
        (made("it", labels={"app.kubernetes.io/managed-by": "Helm"}), "managed by Helm"),
        (
            made("it", labels={"app.kubernetes.io/managed-by": "panda-infra"}),
            "of a stack of panda-infra without a mark",
        ),
        (made("it", labels={"argocd.argoproj.io/instance": "prod"}), "of Argo CD's Application prod"),
        (
            made("it", notes={"argocd.argoproj.io/tracking-id": "prod:/Secret:panda/it"}),
            "of Argo CD's Application prod",
        ),
        (
            made("it", by="argocd-controller", labels={"app.kubernetes.io/instance": "prod"}),
            "of Argo CD's Application prod",
        ),
    ],
)
def test_whoever_made_an_object_is_named(item: dict[str, Any], maker: str) -> None:
    assert met("Secret", item).maker == maker


@pytest.mark.parametrize(
    ("mark", "uid", "ours"),
    [
        (str(OWNER), None, True),
        ("", None, False),
        ("", "uid-of-it", True),
        ("", "", True),  # a state that does not know it
        ("", "uid-of-a-former-one", False),
        ("panda-infra/doma/fedcba9876543210", None, False),
        ("panda-infra/doma/fedcba9876543210", "uid-of-it", False),  # `refresh` against another cluster
        ("panda-infra/test/fedcba9876543210", "uid-of-it", True),  # the key was renewed
        ("panda-infra/test/fedcba9876543210", None, False),  # another backend's stack of that name
    ],
)
def test_an_object_is_a_stacks_by_its_mark_or_as_the_very_one_of_the_state(
    *, mark: str, uid: str | None, ours: bool
) -> None:
    found = met("Secret", made("it", notes={MARK: mark} if mark else {}))
    before = Recorded(objects={} if uid is None else {PLACE: uid})
    assert found.is_of(OWNER, before) is ours


def test_an_object_that_is_being_deleted_is_known() -> None:
    assert met("Secret", made("it", deletionTimestamp="2026-01-01T00:00:00Z")).ending
    assert not met("Secret", made("it", notes=MARKED)).ending
