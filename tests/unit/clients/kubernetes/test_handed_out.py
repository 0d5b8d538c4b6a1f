"""A kubeconfig for people, beside whatever else their file has."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.clients.kubernetes.handed_out import (
    HandedOut,
    UnreadableFileError,
    add_to,
    handed_out,
    with_context,
)
from panda_infra.clients.kubernetes.kubeconfig import Source, Target
from tests.support import fast_yaml

ACCESS = HandedOut({"server": "https://c"}, {"token": "t"}, None)
NAME = "panda-infra-doma"
_VERSION = "client.authentication.k8s.io/v1"

_ENTRIES = st.lists(st.fixed_dictionaries({"name": st.sampled_from(["a", "b", NAME])}), max_size=3)


@given(
    st.fixed_dictionaries({}, optional={"clusters": _ENTRIES, "users": _ENTRIES, "preferences": st.just({})})
)
def test_what_else_is_in_the_file_stays(document: dict[str, Any]) -> None:
    merged = with_context(document, NAME, ACCESS, namespace="panda")
    for kind in ("clusters", "users", "contexts"):
        others = [entry for entry in document.get(kind, ()) if entry["name"] != NAME]
        assert merged[kind][:-1] == others
        assert merged[kind][-1]["name"] == NAME
    assert merged.get("preferences") == document.get("preferences")
    assert merged["contexts"][-1]["context"] == {"cluster": NAME, "user": NAME, "namespace": "panda"}


def test_the_current_context_stays() -> None:
    assert with_context({"current-context": "mine"}, NAME, ACCESS, namespace="p")["current-context"] == "mine"
    assert with_context({}, NAME, ACCESS, namespace="p")["current-context"] == NAME


def test_the_file_is_for_its_owner_alone_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("current-context: mine\nusers: [{name: mine, user: {token: x}}]\n")
    real.chmod(0o644)
    link.symlink_to(real)
    add_to(link, NAME, ACCESS, namespace="panda")
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert [user["name"] for user in fast_yaml.load(real.read_text())["users"]] == ["mine", NAME]
    assert sorted(tmp_path.iterdir()) == [link, real]


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    add_to(tmp_path / "new" / "config", NAME, ACCESS, namespace="panda")
    assert fast_yaml.load((tmp_path / "new" / "config").read_text())["current-context"] == NAME


@pytest.mark.parametrize("text", ["- a list", "users: 5", "users: [text]", "a: [", "\udcff"])
def test_another_kind_of_file_stays_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(text.encode(errors="surrogateescape"))
    before = file.read_bytes()
    with pytest.raises(UnreadableFileError):
        add_to(file, NAME, ACCESS, namespace="panda")
    assert file.read_bytes() == before


def target(**user: Any) -> Target:
    return Target({"server": "https://c"}, user, "context", "user", Source("a file", "Renew it."))


def test_a_plugin_is_replaced_by_what_it_gives(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    status = {"token": "issued", "expirationTimestamp": "2030-01-01T00:00:00Z"}
    issued = json.dumps({"apiVersion": _VERSION, "kind": "ExecCredential", "status": status})
    plugin.write_text(f"#!/bin/sh\necho '{issued}'\n")
    plugin.chmod(0o755)
    command = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(plugin),
        "interactiveMode": "Never",
    }
    found = handed_out(target(exec=command, **{"as": "someone"}))
    assert found.user == {"as": "someone", "token": "issued"}
    assert found.expires is not None
    assert found.expires.year == 2030


def test_other_credentials_are_handed_out_as_they_are() -> None:
    assert handed_out(target(token="t")) == HandedOut({"server": "https://c"}, {"token": "t"}, None)
