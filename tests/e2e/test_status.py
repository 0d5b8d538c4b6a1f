"""`status` shows what is true of a stack on a real API, before, while and after the engine works on it.

The tests of this module follow one stack, in the order of the file.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panda_infra.authority import make_authority
from testbed import stacks, waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support import canaries, fast_yaml
from tests.support.command_line import run_in
from tests.support.credentials import grid_proxy
from tests.support.killing import kill, left_running

pytestmark = pytest.mark.e2e

_NAMESPACE = "looked-at"
_SECTION = "panda-infra:secrets"
_SLOW = {"testbed.panda-infra/ready-after": "5s"}
_HOST = "panda.localhost"


def components(**broker: Any) -> dict[str, Any]:
    postgres = {"enabled": True}
    return {"msgsvc": {"activemq": broker}, "panda": {"postgres": postgres, "jedi": {"replicas": 1}}}


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _NAMESPACE,
        {
            "panda-infra:namespace": _NAMESPACE,
            "panda-infra:storage": {"class": "standard"},
            "panda-infra:hosts": {"panda": _HOST},
            "panda-infra:components": components(),
        },
    )
    yield workspace
    workspace.destroy()


def looked(stack: Workspace, **environment: str) -> dict[str, Any]:
    shown = run_in(stack.folder, {**stack.environment(), **environment}, "status", "local", "--json")
    assert shown.exit_code == bool(json.loads(shown.stdout)["problems"]), shown.output
    assert "Traceback" not in shown.output
    secret = canaries.values(stack.encrypted[_SECTION])
    assert canaries.found_in(shown.output, secret) == []
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def stored(stack: Workspace, **changes: Any) -> None:
    """Store some of the stack's secrets anew."""
    secrets: dict[str, Any] = copy.deepcopy(dict(stack.encrypted[_SECTION]))
    for part, values in changes.items():
        secrets.setdefault(part, {}).update(values)
    stack.encrypt(_SECTION, secrets)


def test_a_stack_that_was_never_deployed_has_everything_to_come(stack: Workspace) -> None:
    found = looked(stack)
    assert found["problems"][0].startswith("release panda-msgsvc is not there")
    assert "component msgsvc is not deployed yet" in found["undeployed"]
    assert "Secret panda-secrets-panda-envs is not deployed yet" in found["undeployed"]


def test_a_deployed_stack_is_as_its_file_says(stack: Workspace, bed: Bed) -> None:
    now = datetime.now(UTC)
    made = make_authority("Site CA", now=now - timedelta(days=3630)).issue([_HOST])
    certificate = {"certificate": made.certificate, "key": made.key, "chain": made.chain}
    proxy = grid_proxy(now - timedelta(hours=1), now + timedelta(hours=11, minutes=30))
    stored(stack, certificates={"panda": certificate}, files={"panda": {"robot.proxy": proxy}})
    assert stack.up().code == 0
    found = looked(stack)
    assert (found["problems"], found["undeployed"]) == ([], [])
    ends = {(one["secret"].removeprefix("panda-secrets-"), one["key"]) for one in found["credentials"]}
    assert ends >= {
        ("panda-certs", "robot.proxy"),
        ("panda-certs", "hostcert.pem"),
        ("panda-tls-certs", "tls.crt"),
    }
    reported = "\n".join(found["notes"])
    assert "robot.proxy of Secret panda-secrets-panda-certs expires in 11 hours" in reported
    assert "hostcert.pem of Secret panda-secrets-panda-certs expires in 19 days" in reported
    nodes = {node["metadata"]["name"] for node in Api(bed.kubeconfig).list("/api/v1/nodes")}
    assert {one["name"] for one in found["nodes"] if one["ready"]} == nodes
    for_people = run_in(stack.folder, stack.environment(), "status", "local")
    assert for_people.exit_code == 0, for_people.output
    for words in ("deployed: all that the stack file describes", "in 11 hours", "in 19 days", *nodes):
        assert words in for_people.output, words


def test_what_the_stack_file_says_anew_is_reported_without_its_values(stack: Workspace) -> None:
    stored(stack, msgsvc={"basePassword": "CanaryOfTheBrokerAdministrator"})
    stack.configure({"panda-infra:components": components(image={"tag": "5.17.2"})})
    found = looked(stack)
    reported = "\n".join(found["undeployed"])
    assert (
        "component msgsvc: activemq.image.tag nothing -> 5.17.2, other Secrets for the pods of activemq"
        in reported
    )
    assert "component panda: other Secrets for the pods of jedi, postgres, server" in reported
    assert (
        "Secret panda-secrets-panda-envs: PANDA_ACTIVEMQ_PASSWD_jedi, PANDA_ACTIVEMQ_PASSWD_panda" in reported
    )
    assert "CanaryOfTheBrokerAdministrator" not in reported
    assert found["problems"] == []


def test_without_the_passphrase_all_the_rest_is_reported(stack: Workspace) -> None:
    wrong = stack.folder / "other-passphrase"
    wrong.write_text("another one")
    found = looked(stack, PULUMI_CONFIG_PASSPHRASE_FILE=str(wrong), PULUMI_CONFIG_PASSPHRASE="")
    assert [one["status"] for one in found["releases"]] == ["deployed", "deployed"]
    assert found["undeployed"] == ["component msgsvc: activemq.image.tag nothing -> 5.17.2"]
    assert "whether secrets have changed is not known: they cannot be decrypted here" in found["notes"]


def test_a_running_update_is_reported_and_one_that_was_killed(stack: Workspace) -> None:
    stack.configure({"panda-infra:components": components(annotations=_SLOW)})

    def seen() -> bool:
        shown = run_in(stack.folder, stack.environment(), "status", "local", "--json")
        notes = json.loads(shown.stdout)["notes"]
        return any(text.startswith("an update is running since ") for text in notes)

    kill(stack, "up", until=seen)
    waiting.until(lambda: not left_running(stack), "the processes of the killed engine ending", 15)
    found = looked(stack)
    assert any("a run that was killed holds the stack's lock since " in text for text in found["problems"])
    cancelled = stack.pulumi("cancel", "--stack", "local", "--yes")
    assert cancelled.code == 0, cancelled.text
    found = looked(stack)
    assert not any("lock" in text or "running" in text for text in [*found["problems"], *found["notes"]])
    assert stack.up().code == 0


def test_a_cluster_that_cannot_be_asked_is_one_line(stack: Workspace, bed: Bed) -> None:
    kubeconfig = fast_yaml.load(bed.kubeconfig.read_text())
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    file = stack.folder / "nowhere"
    file.write_text(fast_yaml.dump(kubeconfig))
    before = stack.stack_file.read_text()
    stack.configure({"panda-infra:cluster": {"kind": "existing", "kubeconfig": str(file)}})
    found = looked(stack)
    (problem,) = found["problems"]
    assert problem.startswith("the cluster cannot be looked at: ")
    assert found["releases"] == []
    stack.stack_file.write_text(before)
