"""What works, but not completely."""

from __future__ import annotations

from typing import Any

from panda_infra.pins.pins import pins
from panda_infra.rules.warnings import setting_warnings
from tests.support.stacks import stack

_GIT = {"kind": "git", "url": "https://git.org/me/charts.git", "revision": 4 * "0123456789"}


def reported(**sections: Any) -> list[str]:
    found = setting_warnings(stack(**sections), stack="demo")
    return [problem.where for problem in found if "Argo CD" in problem.what or "push" in problem.what]


def test_argo_cd_pins_no_digest_of_a_chart() -> None:
    chart = {"version": "0.1.1", "digest": "sha256:" + 8 * "0123abcd"}
    components = {"msgsvc": {}, "panda": {"chart": chart}}
    assert reported(components=components, delivery="argocd", argocd={}) == ["components.panda.chart.digest"]
    assert reported(components=components) == []


def test_a_followed_branch_changes_a_protected_stack_without_a_review() -> None:
    following = {"delivery": {"kind": "argocd", "follow": "main"}, "argocd": {}, "charts": _GIT}
    assert reported(**following) == ["delivery.follow"]
    assert reported(**following, lifecycle={"protect": False}) == []
    assert reported(delivery="argocd", argocd={}, charts=_GIT) == []


def test_a_protected_stack_hears_what_no_digest_pins() -> None:
    components: dict[str, Any] = {"msgsvc": {}}
    (found,) = setting_warnings(stack(components=components, lifecycle={"protect": True}), stack="demo")
    names = sorted(pin.name for pin in pins(stack(components=components)))
    assert names
    assert all(name in found.what for name in names)
    assert "`python -m panda_infra pin demo`" in found.fix
    assert setting_warnings(stack(components=components, lifecycle={"protect": False}), stack="demo") == []


def test_what_a_digest_pins_or_an_updater_follows_is_not_named() -> None:
    digest = "sha256:" + 8 * "0123abcd"
    pinned = {"chart": {"version": "0.1.1", "digest": digest}, "activemq": {"image": {"digest": digest}}}
    config = stack(components={"msgsvc": pinned}, lifecycle={"protect": True})
    assert [pin.key for pin in pins(config) if not pin.digest] == []
    assert setting_warnings(config, stack="demo") == []
