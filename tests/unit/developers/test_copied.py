"""Secret values of the parent for a developer's stack."""

from __future__ import annotations

import pytest

from panda_infra.developers.copied import copied
from panda_infra.errors import PandaInfraError
from tests.support.stacks import stack

_PARENT = stack(
    secrets={
        "hashKey": "key",
        "auth": {"idToken": "token", "clientSecrets": {"a.b": "of a client"}},
        "certificates": {"panda": {"certificate": "one", "key": "two"}},
        "files": {"panda": {"robot.proxy": "a proxy"}},
    }
)


def test_single_values_and_all_below_a_key() -> None:
    keys = ["auth.idToken", "certificates.panda", 'files.panda["robot.proxy"]', 'auth.clientSecrets["a.b"]']
    assert copied(_PARENT, keys, stack="doma") == {
        ("auth", "idToken"): "token",
        ("certificates", "panda", "certificate"): "one",
        ("certificates", "panda", "key"): "two",
        ("files", "panda", "robot.proxy"): "a proxy",
        ("auth", "clientSecrets", "a.b"): "of a client",
    }


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "no key of a secret"),
        ("a..b", "no key of a secret"),
        ("auth.internalClientSecret", "stack doma has no such value"),
        ("hashKey", "every stack has its own"),
    ],
)
def test_what_cannot_be_copied_is_named_without_a_value(key: str, reason: str) -> None:
    with pytest.raises(PandaInfraError, match=reason) as refused:
        copied(_PARENT, ["auth.idToken", key], stack="doma")
    assert "token" not in str(refused.value).replace(key, "")
