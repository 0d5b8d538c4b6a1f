"""What a promotion changes, and what it leaves."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.stack import StackConfig
from panda_infra.pins.pins import pins
from panda_infra.pins.promotion import promotion
from panda_infra.tree import put
from tests.support import ctao
from tests.support.stacks import sections, stack

_ONE, _TWO = ("sha256:" + digit * 64 for digit in "12")
_GIT = {"kind": "git", "url": "https://github.com/PanDAWMS/panda-k8s.git", "revision": "a" * 40}


def pinned(digest: str, tag: str = "6.1", **image: str) -> dict[str, Any]:
    return {
        "msgsvc": {
            "chart": {"version": "0.1.1", "digest": digest},
            "activemq": {"image": {"tag": tag, "digest": digest, **image}},
        }
    }


def test_a_stack_without_pins_gets_all_of_them() -> None:
    made = promotion(stack(components=pinned(_ONE)), stack(components={"msgsvc": {}}), "staging")
    assert made.problems == []
    assert made.values == {
        ("components", "msgsvc", "chart", "version"): "0.1.1",
        ("components", "msgsvc", "chart", "digest"): _ONE,
        ("components", "msgsvc", "activemq", "image", "tag"): "6.1",
        ("components", "msgsvc", "activemq", "image", "digest"): _ONE,
    }


def test_the_same_pins_change_nothing() -> None:
    one = stack(components=pinned(_ONE))
    assert promotion(one, one, "staging").values == {}


def test_a_new_digest_of_the_same_tag_is_a_change() -> None:
    made = promotion(stack(components=pinned(_TWO)), stack(components=pinned(_ONE)), "staging")
    assert {path[-1] for path in made.values} == {"version", "tag", "digest"}
    assert {value for path, value in made.values.items() if path[-1] == "digest"} == {_TWO}


def test_what_was_not_pinned_is_no_proof() -> None:
    made = promotion(stack(components={"msgsvc": {}}), stack(components={"msgsvc": {}}), "staging")
    assert [problem.where for problem in made.problems] == [
        "components.msgsvc.chart",
        "components.msgsvc.activemq.image",
    ]
    assert "pin staging" in made.problems[0].fix


def test_a_site_keeps_its_own_registry_for_the_same_content() -> None:
    mirror = {"msgsvc": {"activemq": {"image": {"repository": "registry.site.org/cache/activemq-classic"}}}}
    tried = pinned(_ONE, repository="docker.io/apache/activemq-classic")
    made = promotion(stack(components=tried), stack(components=mirror), "staging")
    assert ("components", "msgsvc", "activemq", "image", "repository") not in made.values


def test_another_image_comes_with_its_name() -> None:
    tried = pinned(_ONE, repository="ghcr.io/me/another-broker")
    made = promotion(stack(components=tried), stack(components={"msgsvc": {}}), "staging")
    assert (
        made.values["components", "msgsvc", "activemq", "image", "repository"] == "ghcr.io/me/another-broker"
    )


def test_components_of_one_stack_alone_stay() -> None:
    both = {**pinned(_ONE), "ui": {}}
    made = promotion(stack(components=pinned(_ONE)), stack(components=both), "staging")
    assert made.values == {}
    assert set(made.left.values()) == {"is no part of staging"}
    assert all(key.startswith("components.ui.") for key in made.left)


def test_a_followed_image_is_nobody_s_to_promote() -> None:
    followed = copy.deepcopy(pinned(_ONE))
    followed["msgsvc"]["activemq"]["image"] = {"follow": {"versions": "~6.0"}}
    made = promotion(stack(components=pinned(_TWO)), stack(components=followed), "staging")
    assert made.left.keys() == {"components.msgsvc.activemq.image"}
    assert {path[2] for path in made.values} == {"chart"}


def test_charts_from_git_are_promoted_by_their_commit() -> None:
    tried = stack(components=pinned(_ONE), charts=_GIT | {"revision": "b" * 40})
    made = promotion(tried, stack(components=pinned(_ONE), charts=_GIT), "staging")
    assert (made.problems, made.values) == ([], {("charts", "revision"): "b" * 40})


def test_charts_from_elsewhere_cannot_be_promoted() -> None:
    made = promotion(stack(components=pinned(_ONE), charts=_GIT), stack(components=pinned(_ONE)), "staging")
    assert [problem.where for problem in made.problems] == ["charts"]


@given(
    st.lists(st.tuples(st.sampled_from(["chart", "image"]), st.integers(0, 9)), min_size=2, max_size=2),
    st.lists(st.sampled_from(["msgsvc", "panda", "iam", "iam-db", "idds"]), unique=True, min_size=1),
)
def test_what_was_promoted_is_what_was_tried(digits: list[tuple[str, int]], names: list[str]) -> None:
    """After the values are written, a second promotion changes nothing, and both run the same content."""
    (_, one), (_, two) = digits
    source, target = (sections(components={name: {} for name in names}) for _ in range(2))
    for config, digit in ((source, one), (target, two)):
        for pin in list(pins(StackConfig.model_validate_json(json.dumps(config)))):
            put(config, pin.digest_path, f"sha256:{str(digit) * 64}")
            put(config, pin.tag_path, f"1.0.{digit}")
    tried = StackConfig.model_validate_json(json.dumps(source))
    made = promotion(tried, StackConfig.model_validate_json(json.dumps(target)), "staging")
    for path, value in made.values.items():
        put(target, path, value)
    after = StackConfig.model_validate_json(json.dumps(target))
    assert promotion(tried, after, "staging").values == {}
    assert list(pins(after)) == list(pins(tried))


def test_a_data_centre_of_dpps_gets_what_was_tried_by_digests_alone() -> None:
    tried = copy.deepcopy(ctao.sections())
    for pin in pins(ctao.stack()):
        put(tried, pin.tag_path, pin.tag)
        put(tried, pin.digest_path, _ONE)
    made = promotion(StackConfig.model_validate_json(json.dumps(tried)), ctao.stack(), "desy-staging")
    assert (made.problems, made.left) == ([], {})
    assert {path[-1] for path in made.values} == {"version", "tag", "digest"}
    assert len([path for path in made.values if path[-1] == "digest"]) == len(list(pins(ctao.stack())))
