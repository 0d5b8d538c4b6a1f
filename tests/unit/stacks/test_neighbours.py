"""Stacks of one project keep apart."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.stacks.neighbours import neighbours
from tests.support.stacks import stack

_MAGNUM = {"kind": "magnum", "template": "t", "keypair": "k", "flavor": "f", "masterFlavor": "f"}


def existing(**keys: str) -> dict[str, str]:
    return {"kind": "existing", **keys}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (existing(kubeconfig="~/.kube/config"), existing(kubeconfig="~/.kube/config")),
        (existing(kubeconfig="kc", context="a"), existing(kubeconfig="kc", context="a")),
        ({**_MAGNUM, "name": "panda"}, {**_MAGNUM, "name": "panda", "nodeCount": 9}),
    ],
)
def test_two_stacks_with_one_cluster_and_namespace_are_refused(one: Any, other: Any) -> None:
    found = neighbours(
        {"alice": stack(cluster=one), "bob": stack(cluster=other), "far": stack(namespace="far")}
    )
    assert found.keys() == {"alice", "bob"}
    assert found["alice"].where == "namespace"
    assert found["alice"].what.startswith("panda is that of bob too, in the same cluster")
    assert "`panda-infra:namespace: panda-alice`" in found["alice"].fix


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"cluster": existing(kubeconfig="kc", context="a")},
            {"cluster": existing(kubeconfig="kc", context="b")},
        ),
        ({"cluster": existing(kubeconfig="a")}, {"cluster": existing(kubeconfig="b")}),
        ({"namespace": "a"}, {"namespace": "b"}),
        ({"cluster": {**_MAGNUM, "name": "a"}}, {"cluster": {**_MAGNUM, "name": "b"}}),
        (
            {"cluster": {**_MAGNUM, "name": "a", "cloud": "x"}},
            {"cluster": {**_MAGNUM, "name": "a", "cloud": "y"}},
        ),
        # Each in its own secret, which nobody can compare.
        ({"cluster": existing()}, {"cluster": existing()}),
    ],
)
def test_stacks_that_may_be_apart_are_let_through(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert neighbours({"alice": stack(**one), "bob": stack(**other)}) == {}


def test_an_adopted_namespace_is_shared_with_no_other_stack_either() -> None:
    both = stack(namespace={"name": "default", "adopt": True})
    assert neighbours({"alice": both, "bob": both}).keys() == {"alice", "bob"}
