"""`explain` shows a key's value and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import fast_yaml


def explained(run: Any, key: str) -> dict[str, Any]:
    result = run("explain", "small", key, "--json")
    assert result.exit_code == 0, result.stderr
    (only,) = json.loads(result.stdout)
    found: dict[str, Any] = only
    return found


@pytest.mark.parametrize(
    ("key", "value", "origin"),
    [
        ("components.panda.jedi.replicas", 1, "default"),
        ("auth.tokenEndpoint", "https://iam.cern.ch/token", "derived"),
        ("components.panda.settings.database.host", "panda-postgres", "derived"),
        ("panda:server.replicaCount", 2, "derived"),
        ("panda:server.image.tag", None, "not set: the chart's own default holds"),
    ],
)
def test_what_the_file_does_not_say(run: Any, stack_file: Path, key: str, value: object, origin: str) -> None:
    assert stack_file.exists()
    found = explained(run, key)
    assert (found["value"], found["origin"]) == (value, origin)


def test_without_a_key_the_whole_stack_is_shown(run: Any, stack_file: Path) -> None:
    assert stack_file.exists()
    result = run("explain", "small")
    assert result.exit_code == 0
    assert result.stdout.startswith("# small: ")
    assert "| https://panda.cern.ch | PanDA |" in result.stdout
    assert "- `secrets.hashKey`" in result.stdout
    refused = run("explain", "small", "--json")
    assert (refused.exit_code, "needs a key" in refused.stderr) == (2, True)


def test_what_the_file_says_has_a_line(run: Any, stack_file: Path) -> None:
    found = explained(run, "components.panda.server.replicas")
    line = stack_file.read_text().splitlines().index("        replicas: 2") + 1
    assert (found["value"], found["origin"]) == (2, f"stack file, line {line}")
    assert found["meaning"] == "Number of pods."


def test_what_the_site_says_has_the_sites_file_and_line(run: Any, stack_file: Path) -> None:
    document = fast_yaml.load(stack_file.read_text())
    clients = [{"name": "Rubin", "clientId": "a"}]
    document["config"] |= {"panda-infra:site": "slac", "panda-infra:auth": {"clients": clients}}
    stack_file.write_text(fast_yaml.dump(document))
    folder = stack_file.parent / "sites"
    folder.mkdir()
    (folder / "slac.yaml").write_text(
        "components:\n  panda:\n    server: {replicas: 9}\n    jedi:\n      replicas: 3\n"
        "auth: {clients: [{name: Other, clientId: b, audience: 'https://other.org'}]}\n"
    )
    for key, value, origin in (
        ("components.panda.jedi.replicas", 3, "sites/slac.yaml, line 5"),
        ("auth.clients[0].audience", None, "default"),
    ):
        found = explained(run, key)
        assert (found["value"], found["origin"]) == (value, origin)
    found = explained(run, "components.panda.server.replicas")
    assert found["value"] == 2
    assert found["origin"].startswith("stack file, line ")


def test_whether_cric_is_asked_follows_from_the_experiment(run: Any, stack_file: Path) -> None:
    assert (found := explained(run, "cric.real"))["value"] is False
    assert found["origin"] == "derived"
    stack_file.write_text(stack_file.read_text().replace("experiment: dev", "experiment: doma"))
    assert explained(run, "cric.real")["value"] is True


def test_a_section_shows_all_below_it(run: Any, stack_file: Path) -> None:
    assert stack_file.exists()
    result = run("explain", "small", "hosts")
    assert "hosts.panda" in result.stdout
    assert "hosts.harvester" in result.stdout


def test_secrets_stay_hidden(run: Any, stack_file: Path) -> None:
    stack_file.write_text(stack_file.read_text() + "  panda-infra:secrets:\n    hashKey: {secure: v1:abc}\n")
    found = explained(run, "secrets.hashKey")
    assert found["value"] == "***"


@pytest.mark.parametrize(
    ("key", "reported"),
    [
        ("components.pnda", "did you mean `components.panda`?"),
        ("bigmon:main.ingress", "this stack does not deploy bigmon"),
        ("a..b", "is no key"),
    ],
)
def test_a_wrong_key_is_reported(run: Any, stack_file: Path, key: str, reported: str) -> None:
    assert stack_file.exists()
    result = run("explain", "small", key)
    assert (result.exit_code, reported in result.stderr) == (1, True), result.stderr
