"""A stack that brings its own Argo CD, which then delivers its components: one `up` and one `destroy`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panda_infra.plan.argocd_names import CLUSTER_WIDE
from testbed.api import Api
from testbed.argocd_bed.bed import ArgoCd, beside_installation
from testbed.bed import Bed
from tests.support.installs_argocd import made, path_of

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_APPLICATION = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/panda-msgsvc"


@pytest.fixture(scope="module")
def argocd(bed: Bed) -> Iterator[ArgoCd]:
    with beside_installation(bed) as running:
        yield running


@pytest.mark.usefixtures("argocd")
def test_one_up_installs_it_and_has_it_deliver_and_one_destroy_leaves_nothing(bed: Bed) -> None:
    api = Api(bed.kubeconfig)
    stack = made(bed, "argo-all", argocd={"version": "2.13.6"}, delivery="argocd")
    try:
        done = stack.up()
        assert done.code == 0, done.text
        status = api.get(_APPLICATION)["status"]
        assert (status["sync"]["status"], status["health"]["status"]) == ("Synced", "Healthy")
        again = stack.up("--expect-no-changes")
        assert again.code == 0, again.text
    finally:
        destroyed = stack.destroy()
    assert destroyed.code == 0, destroyed.text
    left = [name for kind, name in CLUSTER_WIDE if api.exists(path_of(kind, name))]
    assert left == []
    assert not api.exists("/api/v1/namespaces/argocd")
    assert not api.exists("/api/v1/namespaces/argo-all")
