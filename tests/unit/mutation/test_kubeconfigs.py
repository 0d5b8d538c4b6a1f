"""Kubeconfigs, changed: read as kubectl reads them, or refused in words."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from panda_infra.authority import make_authority
from panda_infra.clients.kubernetes.connection import Dialer
from panda_infra.clients.kubernetes.handed_out import HandedOut, UnreadableFileError, add_to
from panda_infra.clients.kubernetes.kubeconfig import Source, Target, choose, parse
from panda_infra.clients.kubernetes.users import User, check_user, ends, kind_of
from panda_infra.cluster.existing import target_of
from panda_infra.config import go_yaml
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.secrets import Secrets
from tests.support.api_server import kubeconfig
from tests.support.held import CANARY, held
from tests.support.mutations import texts, trees

_SERVER = {"server": "https://127.0.0.1:6443"}
_CERTIFICATE = make_authority("An authority", now=datetime.now(UTC)).issue(["127.0.0.1"])


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_USERS: Mapping[str, Any] = {
    "token": {"token": f"{CANARY}.e30.x"},
    "password": {"username": "u", "password": CANARY},
    "certificate": {
        "client-certificate-data": _encoded(_CERTIFICATE.certificate),
        "client-key-data": _encoded(_CERTIFICATE.key),
    },
    "plug-in": {
        "exec": {
            "command": "no-such-plugin",
            "apiVersion": "client.authentication.k8s.io/v1",
            "args": ["get", CANARY],
            "env": [{"name": "PASSWORD", "value": CANARY}],
            "interactiveMode": "Never",
            "provideClusterInfo": True,
        },
        "as": "somebody",
        "as-groups": ["a"],
        "as-user-extra": {"why": ["x"]},
    },
    "provider": {"auth-provider": {"name": "oidc", "config": {"id-token": CANARY, "client-secret": CANARY}}},
}
_TREES = [
    kubeconfig(
        {
            **_SERVER,
            "certificate-authority-data": _encoded(_CERTIFICATE.chain),
            "proxy-url": "socks5://127.0.0.1:1",
        },
        user,
    )
    for user in _USERS.values()
]
_TEXTS = [go_yaml.dump(tree) for tree in _TREES]


def used(text: str) -> Target:
    """As far as a command gets without asking the API server."""
    target = choose(parse(text, "a file"), None, Source("a file", "Get a new one."))
    check_user(target)
    ends(target.user)
    kind_of(target.user)
    Dialer(target, patience=1.0)
    again = choose(parse(target.text(), "text"), None, target.source)
    assert (again.cluster, again.user) == (target.cluster, target.user)
    if "exec" not in target.user:
        User(target).credential()
    return target


def of_values(tree: Any) -> None:
    """The same, unless a secret stands where a name is wanted, which messages contain."""
    listed = [tree[kind] for kind in ("clusters", "users", "contexts") if isinstance(tree.get(kind), list)]
    entries = [entry for each in listed for entry in each if isinstance(entry, dict)]
    names = [tree.get("current-context"), *((entry.get("name"), entry.get("context")) for entry in entries)]
    if CANARY not in str(names):
        held(partial(used, go_yaml.dump(tree)))


def of_a_stack(text: str) -> Target:
    """The same where it is one of the stack's secrets."""
    return target_of("x", ExistingCluster(kind="existing"), Secrets.model_validate({"kubeconfig": text}))


def added_to(file: Path, text: str) -> None:
    """As `kubeconfig` adds a context to a file: another one stays as it is."""
    file.write_text(text, encoding="utf-8", newline="")
    try:
        add_to(file, "new", HandedOut(_SERVER, {"token": "t"}, None), namespace="panda")
    except UnreadableFileError:
        assert file.read_bytes() == text.encode()


@given(texts(_TEXTS))
@settings(max_examples=150)
def test_a_changed_kubeconfig_is_read_or_refused(text: str) -> None:
    held(partial(used, text))
    held(partial(of_a_stack, text))


@given(trees(_TREES))
@settings(max_examples=150)
def test_changed_values_of_a_kubeconfig_are_read_or_refused(tree: Any) -> None:
    of_values(tree)


@given(texts(_TEXTS))
@settings(max_examples=100)
def test_a_context_is_added_to_a_changed_kubeconfig_or_it_stays(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    held(partial(added_to, tmp_path_factory.getbasetemp() / "kubeconfig", text))


@pytest.mark.long
@given(texts(_TEXTS, most=6), trees(_TREES, most=6))
@settings(max_examples=600, suppress_health_check=list(HealthCheck))
def test_many_changed_kubeconfigs_are_read_or_refused(text: str, tree: Any) -> None:
    held(partial(used, text))
    of_values(tree)
