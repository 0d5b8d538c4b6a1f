"""URNs as the engine writes them."""

from __future__ import annotations

import pytest

from panda_infra.state.urns import Urn, read_urn


@pytest.mark.parametrize(
    ("text", "urn", "kind"),
    [
        (
            "urn:pulumi:local::panda-infra::kubernetes:core/v1:Secret::panda",
            Urn("local", "kubernetes:core/v1:Secret", "panda"),
            "kubernetes:core/v1:Secret",
        ),
        (
            "urn:pulumi:doma::panda-infra::panda-infra:delivery:Backup$kubernetes:batch/v1:Job::a::b",
            Urn("doma", "panda-infra:delivery:Backup$kubernetes:batch/v1:Job", "a::b"),
            "kubernetes:batch/v1:Job",
        ),
    ],
)
def test_each_part_is_found(text: str, urn: Urn, kind: str) -> None:
    assert read_urn(text) == urn
    assert urn.type == kind


def test_what_is_no_urn_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        read_urn("panda")
