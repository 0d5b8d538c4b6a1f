"""What a destroy may not touch, and what it must delete by itself."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.errors import PandaInfraError
from panda_infra.plan.data import Deployed
from panda_infra.plan.make import make_plan
from panda_infra.plan.ownership import MARK
from panda_infra.state.recorded import Recorded
from panda_infra.teardown.belongings import Belongings
from tests.support.kubernetes import MARKED, FakeApi, made
from tests.support.stacks import stack

NAMESPACE = "/api/v1/namespaces/panda"
CLAIMS, MAPS = f"{NAMESPACE}/persistentvolumeclaims", f"{NAMESPACE}/configmaps"
ADOPT = {"name": "panda", "adopt": True}
RELEASES = {"panda": Deployed("panda", {}, False, "panda")}
OF_PANDA = {"app.kubernetes.io/instance": "panda"}
KNOWN = Recorded(RELEASES, {("Namespace", "", "panda"): "uid-of-panda"})
HELD = {"finalizers": ["a/b"], "deletionTimestamp": "2020-01-01T00:00:00Z"}


def belongings(api: FakeApi, before: Recorded, **sections: Any) -> Belongings:
    return Belongings(make_plan("test", stack(**sections)), api, before)


def there(**notes: str) -> FakeApi:
    api = FakeApi({NAMESPACE: made("panda", namespace="", notes=notes), "/apis": {"groups": []}})
    kinds = [{"name": "configmaps", "namespaced": True, "verbs": ["list", "patch"]}]
    api.objects["/api/v1"] = {"resources": kinds}
    return api


def test_the_namespace_that_the_stack_made_may_go() -> None:
    belongings(there(), KNOWN).refuse_others()
    belongings(FakeApi(), KNOWN).refuse_others()
    belongings(
        there(**MARKED), Recorded(objects={("Namespace", "", "panda"): "of-a-former-one"})
    ).refuse_others()


@pytest.mark.parametrize(
    ("notes", "uid", "whose"),
    [
        ({MARK: "panda-infra/doma/fedcba9876543210"}, "uid-of-panda", "of stack doma"),
        ({}, "of-another-cluster", "made by hand"),
    ],
)
def test_a_namespace_of_others_under_that_name_does_not_go(
    notes: dict[str, str], uid: str, whose: str
) -> None:
    before = Recorded(RELEASES, {("Namespace", "", "panda"): uid})
    with pytest.raises(
        PandaInfraError, match=rf"(?s)panda is not the one that stack test made.*{whose}.*Nothing was"
    ):
        belongings(there(**notes), before).refuse_others()


def test_claims_that_no_release_takes_with_it_are_deleted_from_an_adopted_namespace_alone() -> None:
    api = there()
    reported: list[str] = []
    api.add(CLAIMS, made("panda-server-logs-panda-server-0", labels=OF_PANDA), made("alice-data"))
    api.add(CLAIMS, made("bobs", labels={"app.kubernetes.io/instance": "bob"}))
    stays = belongings(api, Recorded(RELEASES), namespace=ADOPT)
    stays.refuse_others()
    stays.delete_rest(reported.append)
    lease = "/apis/coordination.k8s.io/v1/namespaces/panda/leases/panda-infra-test"
    assert api.deleted == [f"{CLAIMS}/panda-server-logs-panda-server-0", lease]
    assert reported == ["deleting claim panda-server-logs-panda-server-0"]
    # The stack's own namespace takes them with it.
    api.calls.clear()
    belongings(api, KNOWN).delete_rest(reported.append)
    assert api.deleted == []


def test_secrets_that_certificates_leave_behind_are_deleted_from_an_adopted_namespace() -> None:
    """C49: cert-manager keeps them; those of others under other names stay."""
    secrets = "/api/v1/namespaces/panda/secrets"
    api = there()
    reported: list[str] = []
    api.add(secrets, made("panda-secrets-panda-tls-certs", notes=MARKED), made("panda-secrets-mcp-tls-certs"))
    issued = {"hosts": {"panda": "panda.site.org"}, "certificates": {"kind": "cert-manager"}}
    stays = belongings(api, Recorded(RELEASES), namespace=ADOPT, **issued)
    stays.refuse_others()
    stays.delete_rest(reported.append)
    assert f"{secrets}/panda-secrets-panda-tls-certs" in api.deleted
    assert reported == ["deleting Secret panda-secrets-panda-tls-certs"]


def test_nothing_of_others_is_freed_from_its_finalizers() -> None:
    api = there()
    theirs, ours = made("alices"), made("ours", labels=OF_PANDA)
    for item in (theirs, ours):
        item["metadata"] |= HELD
    api.add(MAPS, theirs, ours)
    adopted = belongings(api, Recorded(RELEASES), namespace=ADOPT)
    assert [one.name for one in adopted.stuck()] == ["ours"]
    assert [one.name for one in belongings(api, KNOWN).stuck()] == ["alices", "ours"]
    assert [one.name for one in belongings(api, Recorded()).stuck()] == []


def test_its_own_applications_are_freed_beside_those_of_others() -> None:
    api = there()
    maps = "/api/v1/namespaces/argocd/configmaps"
    theirs, ours = made("alices", namespace="argocd"), made("ours", namespace="argocd", notes=MARKED)
    for item in (theirs, ours):
        item["metadata"] |= HELD
    api.add(maps, theirs, ours)
    assert belongings(api, KNOWN).stuck() == []
    found = belongings(api, KNOWN, argocd={"existing": True}).stuck()
    assert [one.name for one in found] == ["ours"]
