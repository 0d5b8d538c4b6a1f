"""The mark of a stack: the same wherever its state is kept, another one for every other stack."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import PandaInfraError
from panda_infra.plan.ownership import MARK, Owner, lease_name, owner_of


def owner(key: str | None, name: str = "demo") -> Owner:
    return owner_of(name, key or "")


def test_a_mark_names_project_stack_and_the_key_without_the_key() -> None:
    digest = hmac.new(b"the-key", b"owner", hashlib.sha256).hexdigest()
    assert owner("the-key").mark == {MARK: f"panda-infra/demo/{digest[:16]}"}
    assert MARK == "panda-infra/owner"


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_keys_are_two_owners(one: str, other: str) -> None:
    assert (str(owner(one)) == str(owner(other))) is (one == other)


@pytest.mark.parametrize("unknown", [None, ENCRYPTED])
def test_without_the_key_nothing_is_marked_and_marks_are_reported_by_their_names(unknown: str | None) -> None:
    with pytest.raises(PandaInfraError, match=r"secrets\.hashKey: is missing"):
        _ = owner(unknown).mark
    assert owner(unknown).wrote("panda-infra/demo/0123456789abcdef")
    assert not owner(unknown).wrote("panda-infra/demo-2/0123456789abcdef")


def test_a_mark_is_of_one_stack_alone() -> None:
    mark = str(owner("key"))
    assert owner("key").wrote(mark)
    assert not owner("another").wrote(mark)
    # A copy of a stack file has the key of the first.
    assert not owner("key", "copy").wrote(mark)


def test_a_stack_that_was_renamed_or_got_another_key_may_have_written_a_mark() -> None:
    mark = str(owner("key"))
    assert owner("renewed").may_have_written(mark)
    assert owner("key", "renamed").may_have_written(mark)
    assert not owner("another", "other").may_have_written(mark)


def test_a_lease_has_a_name_that_kubernetes_takes() -> None:
    assert lease_name("atlas-testbed") == "panda-infra-atlas-testbed"
    assert lease_name("My_Stack.") == "panda-infra-my-stack"
