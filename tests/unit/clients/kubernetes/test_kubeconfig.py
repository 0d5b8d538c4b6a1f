"""Kubeconfigs are read as kubectl reads them, and whatever is wrong ends in words; real ones are in the e2e tests."""

from __future__ import annotations

import base64
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.clients.kubernetes import kubeconfig as module
from panda_infra.clients.kubernetes.connection import Dialer
from panda_infra.clients.kubernetes.errors import KubeconfigError, KubernetesError
from panda_infra.clients.kubernetes.kubeconfig import IN_CLUSTER, Source, Target, choose, parse, read
from panda_infra.clients.kubernetes.users import User, check_user, ends, kind_of
from tests.support import fast_yaml
from tests.support.api_server import HERE, kubeconfig

_SERVER = {"server": "https://127.0.0.1:6443"}


def written(folder: Path, document: Any, name: str = "config") -> str:
    file = folder / name
    file.write_text(document if isinstance(document, str) else fast_yaml.dump(document))
    return str(file)


def chosen(named: str, context: str | None = None) -> Target:
    return choose(read(named), context, Source.of_file(named))


def test_what_files_hold_is_put_into_the_text_and_no_path_is_left(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    for name in ("pki/ca.pem", "cert.pem", "key.pem", "token"):
        (tmp_path / name).write_text(f"content of {name}\n")
    cluster = _SERVER | {"certificate-authority": "pki/ca.pem"}
    user = {"client-certificate": "./cert.pem", "client-key": str(tmp_path / "key.pem"), "tokenFile": "token"}
    target = chosen(written(tmp_path, kubeconfig(cluster, user)))
    assert base64.b64decode(target.cluster["certificate-authority-data"]) == b"content of pki/ca.pem\n"
    assert base64.b64decode(target.user["client-key-data"]) == b"content of key.pem\n"
    assert target.user["token"] == "content of token"
    assert str(tmp_path) not in target.text()
    again = choose(parse(target.text(), "text"), None, HERE)
    assert (again.cluster, again.user) == (target.cluster, target.user)


def test_the_text_is_the_same_from_every_folder(tmp_path: Path) -> None:
    texts = set()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "ca.pem").write_text("x")
        document = kubeconfig({"certificate-authority": "ca.pem"} | _SERVER, {"token": "t"})
        texts.add(chosen(written(folder, document)).text())
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("clusters: !!timestamp x", "line 1, column 11"),
        ("clusters: !!int ''", "line 1, column 11"),
        ("clusters: !!bool x", "line 1, column 11"),
        ("clusters: &a [*a]", "no YAML"),
        ("clusters: " + "[" * 200_000, "no YAML"),
        ('{"clusters":' * 100_000, "no YAML"),
        ("users: [{name: u, user: {token: *canary}}]", "line 1, column 33"),
        ("users: [{name: u, user: {token: 1e3}}]", "token is of the wrong type"),
        ("users: [{name: u, user: {token: y}}]", "token is of the wrong type"),
        ("users: [{name: u, user: {token: .nan}}]", "line 1, column 33"),
        ("users: [{name: " + "n" * 5000 + ", user: 1}]", "nnn…: user is no mapping"),
    ],
)
def test_what_ends_python_s_own_reader_is_refused_in_words(text: str, place: str) -> None:
    with pytest.raises(KubeconfigError) as refused:
        parse(text, "a file")
    assert place in str(refused.value)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("text", ["1e3", "0o17", "y", "08", "off", ".inf", "1_000", "2001-01-01"])
def test_a_text_that_looks_like_something_else_stays_a_text(text: str) -> None:
    document = kubeconfig(_SERVER, {"username": text, "password": text})
    target = choose(parse(json.dumps(document), "a file"), None, HERE)
    again = choose(parse(target.text(), "text"), None, HERE)
    assert again.user == {"username": text, "password": text}


def test_a_relative_plugin_lies_beside_the_kubeconfig_and_one_by_name_on_path(tmp_path: Path) -> None:
    for command, found in (("bin/plugin", str(tmp_path / "bin/plugin")), ("plugin", "plugin")):
        user = {"exec": {"command": command}}
        assert chosen(written(tmp_path, kubeconfig(_SERVER, user))).user["exec"]["command"] == found


def test_who_names_something_first_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kubeconfig(_SERVER, {"token": "first"})
    second = kubeconfig({"server": "https://other:6443"}, {"token": "second"}) | {"current-context": "there"}
    second["contexts"].append({"name": "there", "context": {"cluster": "c", "user": "u"}})
    paths = [written(tmp_path, first, "1"), str(tmp_path / "missing"), written(tmp_path, second, "2")]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(paths))
    target = chosen("$KUBECONFIG", "there")
    assert (target.user["token"], target.server, target.context) == (
        "first",
        "https://127.0.0.1:6443",
        "there",
    )
    assert chosen("$KUBECONFIG").context == "here"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    with pytest.raises(KubeconfigError, match="no readable file at"):
        chosen("$KUBECONFIG")


def test_inside_a_pod_its_service_account_is_taken_and_its_token_stays_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SERVICE_ACCOUNT", tmp_path)
    for part in ("HOST", "PORT"):
        monkeypatch.delenv(f"KUBERNETES_SERVICE_{part}", raising=False)
    with pytest.raises(KubeconfigError, match="no pod with a service account"):
        chosen(IN_CLUSTER)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    (tmp_path / "token").write_text("one\n")
    (tmp_path / "ca.crt").write_text("ca")
    target = chosen(IN_CLUSTER)
    assert target.server == "https://[fd00::1]:443"
    assert target.user == {"tokenFile": str(tmp_path / "token")}
    assert User(target).credential().headers == (("Authorization", "Bearer one"),)
    (tmp_path / "token").write_text("two\n")
    assert User(target).credential().headers == (("Authorization", "Bearer two"),)


def test_no_credential_goes_over_plain_http(tmp_path: Path) -> None:
    user = {"token": "canary", "as": "somebody"}
    target = chosen(written(tmp_path, kubeconfig({"server": "http://127.0.0.1:8080"}, user)))
    assert User(target).credential().headers == (("Impersonate-User", "somebody"),)


def test_impersonation_has_a_header_for_each_group_and_extra(tmp_path: Path) -> None:
    user = {"as": "u", "as-uid": "1", "as-groups": ["a", "b"], "as-user-extra": {"scopes": ["x", "z"]}}
    target = chosen(written(tmp_path, kubeconfig(_SERVER, user)))
    assert User(target).credential().headers == (
        ("Impersonate-User", "u"),
        ("Impersonate-Uid", "1"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-scopes", "x"),
        ("Impersonate-Extra-scopes", "z"),
    )


@pytest.mark.parametrize(
    ("document", "context", "reported"),
    [
        (kubeconfig(_SERVER, {}), "elsewhere", "a context 'elsewhere'.\n  Name one that it has: here."),
        (kubeconfig(_SERVER, {}) | {"current-context": ""}, None, "a current context"),
        (kubeconfig(_SERVER, {}) | {"clusters": []}, None, "a server for context 'here'"),
        (kubeconfig({"server": ""}, {}), None, "a server for context 'here'"),
        (kubeconfig(_SERVER, {}) | {"users": None}, None, "the user 'u' of context 'here'"),
        (kubeconfig(_SERVER, {}) | {"users": [{"user": {}}]}, None, "an entry of users has no name"),
        (kubeconfig(_SERVER, {}) | {"users": {"u": {}}}, None, "users is no list"),
        (
            kubeconfig(_SERVER | {"insecure-skip-tls-verify": "yes"}, {}),
            None,
            "clusters, c: insecure-skip-tls-verify is of",
        ),
        (kubeconfig(_SERVER, {"token": 1}), None, "users, u: token is of the wrong type"),
        (kubeconfig(_SERVER, {"exec": {"args": [1]}}), None, "users, u: exec is of the wrong type"),
        (kubeconfig(_SERVER, {"as-user-extra": ["x"]}), None, "users, u: as-user-extra is of the wrong type"),
        ("clusters:\n\t- name: c\n", None, "no YAML at line 2"),
        ('{"clusters": [}', None, "no JSON at line 1, column 15"),
        ("just text", None, "no clusters, users and contexts"),
    ],
)
def test_what_is_no_kubeconfig_is_named(
    tmp_path: Path, document: Any, context: str | None, reported: str
) -> None:
    file = written(tmp_path, document)
    with pytest.raises(KubeconfigError) as refused:
        chosen(file, context)
    assert file in str(refused.value)
    assert reported in str(refused.value)


def test_a_stored_kubeconfig_lies_in_no_folder() -> None:
    document = parse(fast_yaml.dump(kubeconfig(_SERVER, {"client-key": "key.pem"})), "secrets.kubeconfig")
    with pytest.raises(KubeconfigError, match=r"(?s)client-key: 'key.pem' is relative.*--flatten"):
        choose(document, None, Source("secrets.kubeconfig", ""))


_ODD = st.sampled_from(
    [
        None,
        True,
        7,
        "",
        "text",
        "ünicode",
        [],
        ["text"],
        [7],
        {},
        {"name": "x"},
        {"a": ["b"]},
        "aGVsbG8=",
        "https://h:port",
        "://",
        "https://[",
        "a\nb",
    ]
)
_KEYS = [
    "server",
    "certificate-authority-data",
    "certificate-authority",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "proxy-url",
    "extensions",
    "token",
    "tokenFile",
    "username",
    "password",
    "client-certificate-data",
    "client-key-data",
    "client-key",
    "auth-provider",
    "as",
    "as-groups",
    "as-user-extra",
]
_PLUGIN = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(["command", "apiVersion", "args", "env", "interactiveMode"], _ODD)
)
_ENTRY = st.fixed_dictionaries({}, optional=dict.fromkeys(_KEYS, _ODD) | {"exec": _PLUGIN | _ODD})


@given(
    cluster=_ENTRY, user=_ENTRY, more=st.fixed_dictionaries({}, optional={"users": _ODD, "contexts": _ODD})
)
def test_whatever_a_kubeconfig_holds_it_ends_in_words(
    cluster: dict[str, Any], user: dict[str, Any], more: dict[str, Any]
) -> None:
    document = kubeconfig(_SERVER | cluster, user) | more
    with suppress(KubeconfigError, KubernetesError):
        target = choose(parse(fast_yaml.dump(document), "generated", folder=Path("/nowhere")), None, HERE)
        assert choose(parse(target.text(), "again"), None, HERE).user == target.user
        check_user(target)
        Dialer(target, patience=0.01)
        kind_of(target.user)
        ends(target.user)
        if not target.user.get("exec"):
            User(target).credential()


@given(key=st.sampled_from(_KEYS), value=_ODD)
def test_each_key_alone_ends_in_words(key: str, value: Any) -> None:
    for cluster, user in (({key: value}, {}), ({}, {key: value, "as": "u", "client-key-data": "aGVsbG8="})):
        with suppress(KubeconfigError, KubernetesError):
            document = kubeconfig(_SERVER | cluster, user)
            target = choose(parse(fast_yaml.dump(document), "generated", folder=Path("/nowhere")), None, HERE)
            check_user(target)
            Dialer(target, patience=0.01)
            ends(target.user)
            User(target).credential()


@given(st.text())
def test_whatever_a_text_is_it_ends_in_words(text: str) -> None:
    with suppress(KubeconfigError):
        choose(parse(text, "generated"), None, HERE)
