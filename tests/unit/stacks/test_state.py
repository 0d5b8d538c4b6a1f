"""The engine's state is read with or without its secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panda_infra.clients.pulumi.cli import Pulumi

_ACCESS = "urn:pulumi:doma::panda-infra::panda-magnum:index:ClusterAccess::access"


@pytest.mark.parametrize(
    ("secret", "read"),
    [({"plaintext": json.dumps("apiVersion: v1")}, "apiVersion: v1"), ({"ciphertext": "v1:abc"}, "")],
)
def test_a_secret_is_known_only_where_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secret: dict[str, str], read: str
) -> None:
    wrapped = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", **secret}
    deployment = {
        "resources": [{"urn": _ACCESS, "outputs": {"kubeconfig": wrapped}}],
        "pending_operations": [{}],
    }
    monkeypatch.setattr(Pulumi, "run", lambda *_, **__: json.dumps({"deployment": deployment}))
    state = Pulumi("pulumi", tmp_path).state("doma", secrets=True)
    assert (state.recorded.kubeconfig, state.unfinished) == (read, 1)
