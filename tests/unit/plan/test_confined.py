"""Pods of the program have no more rights than they need."""

from __future__ import annotations

import pytest

from panda_infra.plan.confined import confined_container, confined_pod, confined_user, from_secret
from tests.support.stacks import stack


@pytest.mark.parametrize("group", [False, True])
def test_a_pod_runs_as_nobody_without_a_token(group: bool) -> None:
    pod = confined_pod(stack(), group=group)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65534,
        "runAsGroup": 65534,
        **({"fsGroup": 65534} if group else {}),
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_a_namespace_that_chooses_users_is_given_none() -> None:
    rootless = stack(cluster={"kind": "existing", "kubeconfig": "kubeconfig", "noRoot": True})
    assert confined_user(rootless, group=True) == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_a_container_writes_to_volumes_alone() -> None:
    assert confined_container() == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert confined_container() is not confined_container()


def test_a_variable_of_a_secret() -> None:
    source = {"secretKeyRef": {"name": "panda-envs", "key": "USER"}}
    assert from_secret("DB_USER", "panda-envs", "USER") == {"name": "DB_USER", "valueFrom": source}
