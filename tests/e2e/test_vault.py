"""Every secret of a stack in a vault, with the real engine: see tests/support/vault.py for the vault.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from panda_infra.tree import leaves, put
from testbed import leftovers, stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.command_lines import watched_arguments
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import canaries, vault
from tests.support.command_line import run_in
from tests.support.vault import FakeVault

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "vaulted"
_BASE = f"/api/v1/namespaces/{_NAMESPACE}"
_WORKLOADS = tuple(
    f"/apis/apps/v1/namespaces/{_NAMESPACE}/{kind}" for kind in ("deployments", "statefulsets")
)
_SECTION, _PLACE = "panda-infra:secrets", "secret/panda/local"
_PASSWORD = "panda.databasePassword"
_RENEWED = "canary-of-the-renewed-password"
_SMALL: dict[str, Any] = {
    "panda-infra:namespace": _NAMESPACE,
    "panda-infra:components": {"msgsvc": {}, "panda": {}},
    "panda-infra:hosts": {},
    "panda-infra:storage": {"class": "standard"},
}


@pytest.fixture(scope="module")
def kept() -> Iterator[FakeVault]:
    with vault.running() as made:
        yield made


@pytest.fixture
def here(kept: FakeVault, monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    """The vault, named by the environment."""
    for name, text in kept.environment.items():
        monkeypatch.setenv(name, text)
    return kept


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str], kept: FakeVault) -> Iterator[Workspace]:  # noqa: ARG001 - looked at first
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, _SMALL)
    referring: dict[str, Any] = {}
    kept.put(_PLACE, **values_of(workspace))
    for path, _ in leaves(workspace.encrypted[_SECTION]):
        put(referring, path, f"vault:{_PLACE}#{'.'.join(map(str, path))}")
    workspace.configure({_SECTION: referring})
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def values_of(workspace: Workspace) -> dict[str, str]:
    """The generated values by their keys."""
    return {".".join(map(str, path)): str(text) for path, text in leaves(workspace.encrypted[_SECTION])}


def generations(api: Api) -> dict[str, int]:
    """The generation of each workload: another one has other pods."""
    listed = (each for path in _WORKLOADS for each in api.list(path))
    return {each["metadata"]["name"]: each["metadata"]["generation"] for each in listed}


def secret(api: Api, name: str) -> Mapping[str, str]:
    data = api.get(f"{_BASE}/secrets/{name}")["data"]
    return {key: b64decode(text).decode() for key, text in data.items()}


def test_without_the_vault_a_check_names_what_it_awaits(stack: Workspace, kept: FakeVault) -> None:
    shown = run_in(stack.folder, stack.environment(), "check", "local")
    assert shown.exit_code == 0, shown.output
    words = " ".join(shown.output.split())
    for key in values_of(stack):
        assert f"awaits vault:{_PLACE}#{key}" in words
    assert kept.asked == []


def test_without_the_vault_nothing_is_made_and_every_reference_is_named(stack: Workspace, api: Api) -> None:
    done = stack.up()
    assert done.code != 0
    for key in values_of(stack):
        assert f"refers to vault:{_PLACE}#{key}, which cannot be read: VAULT_ADDR names no vault" in done.text
    assert "Traceback" not in done.text
    assert not api.exists(_BASE)


def test_a_preview_with_stand_ins_needs_no_vault(stack: Workspace) -> None:
    shown = run_in(stack.folder, stack.environment(), "dry-run", "local")
    assert shown.exit_code == 0, shown.output


def test_the_secrets_are_made_of_the_vaults_values(stack: Workspace, api: Api, here: FakeVault) -> None:
    done = stack.up()
    assert done.code == 0, done.text
    assert set(here.asked) == {"GET secret/data/panda/local"}
    assert secret(api, "panda-secrets-panda-envs")["PANDA_DB_PASSWORD"] == values_of(stack)[_PASSWORD]
    again = stack.up("--json")
    assert again.code == 0, again.text
    assert changes(again.stdout) == ()


def test_the_audit_says_where_values_are_and_none_is_renewed_here(
    stack: Workspace,
    here: FakeVault,  # noqa: ARG001 - in the environment
) -> None:
    shown = run_in(stack.folder, stack.environment(), "secrets", "audit", "local", "--json")
    assert shown.exit_code == 0, shown.output
    found = {
        row["key"]: row["source"] for row in json.loads(shown.stdout)["secrets"] if row["state"] == "set"
    }
    assert set(found.values()) == {"vault"}
    refused = run_in(stack.folder, stack.environment(), "secrets", "rotate", "local", "msgsvc.basePassword")
    assert refused.exit_code == 1
    assert f"is in a vault, at vault:{_PLACE}#msgsvc.basePassword" in " ".join(refused.output.split())


def test_a_value_that_changes_in_the_vault_rolls_the_pods_that_read_it(
    stack: Workspace, api: Api, here: FakeVault
) -> None:
    known = generations(api)
    here.put(_PLACE, **{**values_of(stack), _PASSWORD: _RENEWED})
    done = stack.up()
    assert done.code == 0, done.text
    assert secret(api, "panda-secrets-panda-envs")["PANDA_DB_PASSWORD"] == _RENEWED
    now = generations(api)
    rolled = {name for name, generation in now.items() if generation != known[name]}
    assert rolled == {"panda-jedi", "panda-postgres", "panda-server"}


def test_a_deleted_version_changes_nothing(stack: Workspace, api: Api, here: FakeVault) -> None:
    here.delete(_PLACE)
    done = stack.up()
    assert done.code != 0
    assert f"vault:{_PLACE}#{_PASSWORD}, which the vault has no more: version 2 is deleted" in done.text
    assert secret(api, "panda-secrets-panda-envs")["PANDA_DB_PASSWORD"] == _RENEWED


def test_no_value_and_no_token_is_anywhere_but_in_the_secrets(
    stack: Workspace, api: Api, here: FakeVault
) -> None:
    here.put(_PLACE, **{**values_of(stack), _PASSWORD: _RENEWED})
    seen = canaries.values(stack.encrypted[_SECTION]) | {"renewed": _RENEWED, "token": here.token}
    objects = [
        each for path in (*_WORKLOADS, f"{_BASE}/configmaps", f"{_BASE}/pods") for each in api.list(path)
    ]
    with watched_arguments() as arguments:
        preview = stack.preview("--diff")
    texts = {
        "state": stack.exported_state(),
        "stack file": stack.stack_file.read_text(),
        "objects": json.dumps(objects),
        "preview": preview.text,
        "arguments": "\n".join(arguments),
    }
    assert [name for name, text in texts.items() if canaries.found_in(text, seen)] == []


def test_one_of_them_may_be_stored_in_the_file_again(stack: Workspace, here: FakeVault) -> None:
    here.put(_PLACE, **{key: text for key, text in values_of(stack).items() if key != _PASSWORD})
    stored = run_in(
        stack.folder, stack.environment(), "secrets", "set", "local", _PASSWORD, stdin=_RENEWED.encode()
    )
    assert stored.exit_code == 0, stored.output
    done = stack.up("--json")
    assert done.code == 0, done.text
    assert changes(done.stdout) == ()


def test_destroy_needs_no_vault_and_leaves_nothing(
    stack: Workspace, bed: Bed, before: frozenset[str]
) -> None:
    done = stack.destroy()
    assert done.code == 0, done.text
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
