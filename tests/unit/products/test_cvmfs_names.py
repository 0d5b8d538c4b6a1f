"""Every name of a CVMFS volume that a stack file may have is one that Kubernetes takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from panda_infra.plan.footprint import outside
from panda_infra.plan.make import make_plan
from panda_infra.products.workloads import CvmfsRepository
from tests.support.stacks import stack

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_anything = st.text("abz019-_.A /:", max_size=70)
_good_names = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,55}[a-z0-9])?", fullmatch=True)


@given(_anything)
def test_a_name_is_taken_only_if_the_pods_volume_can_have_it(name: str) -> None:
    volume = f"cvmfs-{name}"
    valid = bool(name) and len(volume) <= 63 and _LABEL.fullmatch(name) is not None
    try:
        CvmfsRepository(name=name, repository="atlas.cern.ch")
    except ValidationError:
        assert not valid
    else:
        assert valid


@given(_anything)
def test_a_repository_is_a_host_name_that_fits_into_a_path(repository: str) -> None:
    labels = repository.split(".")
    valid = len(labels) > 1 and all(len(each) <= 63 and _LABEL.fullmatch(each) for each in labels)
    try:
        CvmfsRepository(name="a", repository=repository)
    except ValidationError:
        assert not valid
    else:
        assert valid
        assert ".." not in repository
        assert "/" not in repository


@given(st.lists(_good_names, min_size=1, max_size=3, unique=True), st.sampled_from(["", "-dev", "test-"]))
def test_all_volumes_of_a_stack_have_names_of_their_own(names: list[str], affix: str) -> None:
    mounted = [{"name": name, "repository": f"{index}.cern.ch"} for index, name in enumerate(names)]
    components = {
        "msgsvc": {},
        "panda": {"server": {"cvmfs": mounted}, "jedi": {"cvmfs": mounted}},
        "harvester": {"harvester": {"cvmfs": mounted}},
    }
    made = [each.name for each in outside(make_plan("local", stack(components=components, affix=affix)))]
    assert len(made) == len(set(made)) == 3 * len(names)
    assert all(len(each) <= 253 for each in made)


@pytest.mark.parametrize(
    "repository", ["atlas.cern.ch", "sft-nightlies.cern.ch", "singularity.opensciencegrid.org"]
)
def test_known_repositories(repository: str) -> None:
    assert CvmfsRepository(name="x", repository=repository).repository == repository
