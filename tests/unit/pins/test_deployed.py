"""The images in the engine's state: those of values, and those of charts whose values name none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.errors import PandaInfraError
from panda_infra.pins.deployed import DeployedImage, Wanted, deployed_images, wanted
from panda_infra.plan.data import Deployed
from panda_infra.plan.make import make_plan
from panda_infra.products.registry import COMPONENTS
from tests.support import ctao, stacks

_DIGEST = "sha256:" + 8 * "0123abcd"


def images(**components: Any) -> list[DeployedImage]:
    config = stacks.stack(components={"msgsvc": {}, **components})
    releases = make_plan("doma", config).releases
    return deployed_images({each.component: Deployed(each.name, each.values, False) for each in releases})


def test_a_pinned_image_is_known_by_its_digest() -> None:
    pinned = {"server": {"image": {"repository": "ghcr.io/own/server", "tag": "1.2", "digest": _DIGEST}}}
    (server,) = [each for each in images(panda=pinned) if each.where == "server.image"]
    assert (server.repository, server.tag, server.digest) == ("ghcr.io/own/server", "1.2", _DIGEST)
    assert server.release == "panda"


def test_what_is_switched_off_runs_nothing() -> None:
    found = images(panda={"postgres": {"enabled": False}})
    assert not [each for each in found if each.component == "panda" and each.where.startswith("postgres")]
    assert [
        each for each in images(panda={}) if each.component == "panda" and each.where.startswith("postgres")
    ]


def test_every_part_that_runs_has_an_image() -> None:
    plan = make_plan("local", stacks.stack())
    found = deployed_images(
        {each.component: Deployed(each.name, each.values, False) for each in plan.releases}
    )
    for release in plan.releases:
        parts = {each.where.partition(".")[0] for each in found if each.component == release.component}
        for sub in COMPONENTS[release.component].sub_components:
            if release.values.get(sub.name, {}).get("enabled", not sub.switchable):
                assert sub.name in parts, f"{release.component}.{sub.name}"
    assert all(each.repository and each.tag for each in found)


def test_charts_without_sub_charts_have_theirs_at_the_top() -> None:
    plan = make_plan("ctao", ctao.stack())
    found = deployed_images(
        {each.component: Deployed(each.name, each.values, False) for each in plan.releases}
    )
    assert {"rucio", "rucio-daemons"} <= {each.component for each in found if each.where == "image"}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("rucio/rucio-server", True),
        ("rucio-server", True),
        ("docker.io/rucio/rucio-server", True),
        ("io-server", False),
        ("rucio/rucio-server:41", True),
        ("rucio/rucio-server:40", False),
        (f"rucio/rucio-server@{_DIGEST}", True),
        (_DIGEST, True),
        ("sha256:" + 64 * "0", False),
    ],
)
def test_a_name_fits_in_any_registry_and_a_tag_only_itself(text: str, fits: bool) -> None:
    image = DeployedImage("rucio", "ctao-rucio", "image", "docker.io/rucio/rucio-server", "41", _DIGEST)
    assert wanted(text).fits(image) is fits


def test_a_registry_may_have_a_port() -> None:
    assert wanted("harbor:5000/a/b:1") == Wanted("harbor:5000/a/b", "1", "")


@given(st.text(max_size=60))
def test_any_text_is_an_image_or_refused(text: str) -> None:
    try:
        found = wanted(text)
    except PandaInfraError:
        return
    assert found.name or found.tag or found.digest
