from __future__ import annotations

from typing import Any

import pytest

from panda_infra.products.panda.warnings import warnings
from tests.unit.secrets.stacks import MINIMAL, config

AUTH = {"vo": "panda_dev", "clients": [{"name": "panda_dev", "clientId": "a"}]}
SECRETS = MINIMAL["secrets"]


def reported(**sections: Any) -> list[str]:
    stack = config(MINIMAL | {"experiment": "doma", "auth": AUTH} | sections)
    return [problem.where for problem in warnings(stack, "mine")]


def test_services_whose_token_iam_has_not_issued_yet_are_named() -> None:
    (problem,) = warnings(config(MINIMAL, experiment="doma", auth=AUTH), "mine")
    assert problem.where == "secrets.auth.idToken"
    assert "panda, harvester, idds, bigmon" in problem.what
    assert "secrets set mine 'auth.idToken'" in problem.fix
    assert "panda_dev" in problem.fix


@pytest.mark.parametrize(
    ("sections", "others"),
    [
        ({"secrets": SECRETS | {"auth": {"idToken": "a.b.c"}}}, []),
        # A stack that has no service to call needs none.
        ({"components": {"panda": {}, "iam": {}}}, []),
        # The first step is a client.
        ({"auth": {}}, ["auth.clients"]),
        # There the warnings about short-lived tokens report it.
        ({"auth": AUTH | {"internal": {"clientId": "b"}}}, ["auth.internal", "auth.internal"]),
        # Nobody submits jobs to a test bed.
        ({"experiment": "local"}, []),
    ],
)
def test_nothing_is_reported_where_nothing_or_something_else_is_missing(
    sections: dict[str, Any], others: list[str]
) -> None:
    assert reported(**sections) == others
