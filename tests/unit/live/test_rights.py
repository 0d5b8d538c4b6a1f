"""Whether the user may make what a plan consists of, asked of an API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from panda_infra.live.preflight import _rights
from panda_infra.live.rights import missing_rights
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.state.recorded import Recorded
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack

_API = "/apis/authorization.k8s.io/v1"
_EDIT = {
    "apiGroups": ["", "apps", "batch"],
    "resources": ["secrets", "services", "deployments", "statefulsets"],
    "verbs": ["*"],
}


class Reviewing(FakeApi):
    """An API server whose authorizers list some rules, and allow more."""

    def __init__(self, *rules: Mapping[str, Any], also: Sequence[str] = ()) -> None:
        super().__init__()
        self._rules, self._also = list(rules), also
        self.asked: list[str] = []

    def call(self, method: str, path: str, **given: Any) -> Any:
        if path == f"{_API}/selfsubjectrulesreviews":
            assert given["body"]["spec"] == {"namespace": "panda"}
            return {"status": {"resourceRules": self._rules, "incomplete": True}}
        if path == f"{_API}/selfsubjectaccessreviews":
            asked = given["body"]["spec"]["resourceAttributes"]
            word = f"{asked['verb']} {asked['group']}/{asked['resource']}"
            self.asked.append(word)
            return {"status": {"allowed": word in self._also}}
        return super().call(method, path, **given)


def plan(**sections: Any) -> Plan:
    small: dict[str, Any] = {"components": {"msgsvc": {}, "panda": {}}, "hosts": {}}
    return make_plan("demo", stack(**{**small, **sections}))


def test_rules_that_allow_everything_need_no_further_question() -> None:
    for rule in (_EDIT, {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}):
        api = Reviewing(rule)
        assert missing_rights(plan(), api, previewing=False) == []
        assert api.asked == []


def test_every_kind_that_may_not_be_made_is_named_at_once() -> None:
    rule = {**_EDIT, "resources": ["secrets", "deployments"]}
    api = Reviewing(rule, {**_EDIT, "resources": ["services"], "resourceNames": ["one"]})
    found = [str(problem) for problem in missing_rights(plan(), api, previewing=False)]
    assert len(found) == 2
    assert "may not get, create, patch services in panda" in found[0]
    assert "components.msgsvc, components.panda needs" in found[0]
    assert "statefulsets.apps" in found[1]


def test_a_right_that_no_rule_shows_is_asked_for() -> None:
    """Not every authorizer can list its rules, as that of nodes cannot."""
    rule = {
        **_EDIT,
        "resources": ["secrets", "deployments", "statefulsets"],
        "verbs": ["get", "create"],
    }
    kinds = ("/secrets", "apps/deployments", "apps/statefulsets")
    also = [f"{verb} /services" for verb in ("get", "create", "patch")]
    api = Reviewing(rule, also=[*also, *(f"patch {kind}" for kind in kinds)])
    assert missing_rights(plan(), api, previewing=False) == []
    assert sorted(api.asked) == sorted([*also, *(f"patch {kind}" for kind in kinds)])


def test_a_reader_previews_what_another_one_deploys() -> None:
    reader = Reviewing({**_EDIT, "verbs": ["get", "list", "watch"]})
    assert missing_rights(plan(), reader, previewing=True) == []
    assert len(missing_rights(plan(), reader, previewing=False)) == 4


def test_only_a_namespace_that_is_there_is_asked_about() -> None:
    """One that a run makes may bring rights with it, as projects do."""
    made = Recorded(objects={("Namespace", "", "panda"): "1"})
    adopted = plan(namespace={"name": "panda", "adopt": True})
    assert not _rights(plan(), Recorded(), Reviewing(), previewing=False).problems
    assert _rights(plan(), made, Reviewing(), previewing=False).problems
    assert _rights(adopted, Recorded(), Reviewing(), previewing=False).problems
    some = Reviewing({**_EDIT, "resources": ["secrets"]})
    (note, *_) = _rights(adopted, Recorded(), some, previewing=True).notes
    assert note.startswith("`pulumi up` will refuse this: ")
