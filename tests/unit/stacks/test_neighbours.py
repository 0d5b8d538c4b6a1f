"""Stacks of one project keep apart."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.stacks.neighbours import neighbours
from tests.support import ctao
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
    (problem,) = found["alice"]
    assert problem.where == "namespace"
    assert problem.what.startswith("panda is that of bob too, in the same cluster")
    assert "`panda-infra:namespace: panda-alice`" in problem.fix


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


_OUTSIDE: dict[str, Any] = {
    "environment": "prod",
    "rucioDatabase": {"kind": "external", "host": "pg.site.org"},
    "diracDatabase": {"kind": "external", "host": "maria.site.org"},
    "objectstore": {"kind": "external", "url": "https://s3.site.org"},
    "opensearch": {"kind": "external", "host": "opensearch.site.org"},
    **{name: {"kind": "external", "hosts": [f"{name}.site.org"]} for name in ("storage", "ce")},
    "iam": {"kind": "external", "url": "https://iam.site.org"},
}


def centre(namespace: str, **interfaces: Any) -> Any:
    return ctao.stack(experiment="ctao-dpps", namespace=namespace, interfaces=_OUTSIDE | interfaces)


def test_stacks_of_a_site_keep_their_data_apart() -> None:
    """Staging over production's databases would migrate these, and delete files of its catalog."""
    found = neighbours({"prod": centre("a"), "staging": centre("b")})
    keys = [problem.where for problem in found["staging"]]
    named = ("rucioDatabase", "diracDatabase", "objectstore", "opensearch")
    assert keys == [f"interfaces.{key}" for key in named]
    first = found["staging"][0]
    assert first.what == "is pg.site.org:5432/rucio, which prod uses too: each would change the other's data"
    assert "stack file" in first.fix
    assert {problem.where for problem in found["prod"]} == set(keys)


def test_places_of_data_that_differ_are_let_through() -> None:
    own = {
        "rucioDatabase": {"kind": "external", "host": "pg.site.org", "name": "staging"},
        "diracDatabase": {"kind": "external", "host": "maria.site.org", "port": 3307},
        "objectstore": {"kind": "external", "url": "https://s3.site.org/", "sandboxes": "staging"},
        "opensearch": {"kind": "external", "host": "opensearch-2.site.org"},
    }
    assert neighbours({"prod": centre("a"), "staging": centre("b", **own)}) == {}


@pytest.mark.parametrize("host", ["ctao-rucio-db-postgres-rw", "pg.data.svc", "pg.data.svc.cluster.local"])
def test_a_service_has_its_name_in_each_cluster(host: str) -> None:
    inside = {
        "rucioDatabase": {"kind": "external", "host": host},
        **{name: {"kind": "fixture"} for name in ("diracDatabase", "objectstore", "opensearch")},
    }
    assert neighbours({"prod": centre("a", **inside), "staging": centre("b", **inside)}) == {}


def test_a_pair_has_the_same_data() -> None:
    pair = {"of": "one", "by": "two"}
    both = {
        name: ctao.stack(experiment="ctao-dpps", namespace=name, interfaces=_OUTSIDE, standby=pair)
        for name in ("one", "two")
    }
    assert neighbours(both) == {}
    assert neighbours({**both, "three": centre("three")}).keys() == {"one", "two", "three"}
