"""The second provider of a developer's stack acts as another user."""

from __future__ import annotations

from panda_infra.clients.kubernetes.kubeconfig import STATE
from panda_infra.cluster.handle import acting_as
from tests.support import fast_yaml
from tests.support.api_server import kubeconfig


def test_the_same_credential_acts_as_a_user() -> None:
    text = fast_yaml.dump(kubeconfig({"server": "https://127.0.0.1:1"}, {"token": "secret"}))
    account = "system:serviceaccount:dev-alice:deployer"
    target = STATE.target(acting_as(text, account))
    assert target.user == {"token": "secret", "as": account}
    assert target.server == "https://127.0.0.1:1"
