"""What a file of manifests must be, and what it must not hide."""

from __future__ import annotations

import pytest

from panda_infra.argocd.install.manifests import flaws, parsed
from tests.support.argocd_manifests import install_yaml, manifests


def test_the_objects_of_a_file_are_read_in_its_order() -> None:
    found = parsed(b"---\n" + install_yaml())
    assert found == manifests()


@pytest.mark.parametrize(
    "text", [b"", b"<html>", b"a: [", b"- a\n", b"kind: Secret\n", b"metadata: {name: a}\n"]
)
def test_a_file_that_is_something_else_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="it is no"):
        parsed(text)


def test_the_right_manifests_have_no_flaw() -> None:
    assert list(flaws(manifests(), "2.13.6")) == []


def test_another_version_is_reported_by_the_image() -> None:
    assert list(flaws(manifests("2.13.5"), "2.13.6")) == ["is of version 2.13.5, not 2.13.6"]


def test_objects_that_the_program_does_not_know_are_not_applied() -> None:
    strange = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "root"},
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "miner"}}
    assert list(flaws([*manifests(), strange, pod], "2.13.6")) == [
        "has a ClusterRole root, which the program does not know",
        "has a Pod miner, a kind that the program does not expect there",
    ]


def test_manifests_of_something_else_are_reported() -> None:
    found = list(flaws(manifests()[:1], "2.13.6"))
    assert found[0] == "has no Deployment argocd-server"
    assert found[1].startswith("lacks ")
