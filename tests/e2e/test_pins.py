"""What a stack runs is pinned by its registry's digests, deployed so, and promoted to another stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.real import images
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.pages import Command

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "pinned"
_IMAGE = "tried/activemq"
_DEPLOYMENT = f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/panda-msgsvc-activemq"


def push(bed: Bed, content: str) -> None:
    """An image under the same tag, whatever it contains."""
    images.push(images.Image((), command=(content,)), f"{_IMAGE}:6.1", bed.registry)


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    push(bed, "reviewed")
    image = {"repository": f"{bed.registry}/{_IMAGE}", "tag": "6.1"}
    own = {
        "panda-infra:namespace": _NAMESPACE,
        "panda-infra:hosts": {},
        "panda-infra:components": {"msgsvc": {"activemq": {"image": image}}},
        "panda-infra:auth": {"issuer": "https://iam.panda.test"},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, own)
    yield workspace
    destroyed = workspace.destroy()
    assert destroyed.code == 0, destroyed.text


def run(stack: Workspace, command: Command) -> str:
    """Run a command of the pages; returns what it prints."""
    done = run_in(stack.folder, stack.environment(), *command.arguments)
    assert done.exit_code == 0, done.output
    return str(done.output)


def image(bed: Bed) -> str:
    found = Api(bed.kubeconfig).get(_DEPLOYMENT)
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def test_pods_run_what_was_pinned_and_another_stack_gets_the_same(bed: Bed, stack: Workspace) -> None:
    untried = stack.stack_file.read_text()
    pin = documented("python -m panda_infra pin staging", {"staging": "local"})
    update = documented("python -m panda_infra pin staging --update", {"staging": "local"})
    assert "wrote 3 values" in run(stack, pin)
    deployed = stack.up()
    assert deployed.code == 0, deployed.text
    reviewed = image(bed)
    assert f"{_IMAGE}:6.1@sha256:" in reviewed
    assert stack.up("--expect-no-changes").code == 0

    push(bed, "somebody else's")
    assert "is now sha256:" in run(stack, pin)
    assert stack.up("--expect-no-changes").code == 0
    run(stack, update)
    updated = stack.up()
    assert updated.code == 0, updated.text
    assert image(bed) != reviewed

    live = stack.folder / "Pulumi.live.yaml"
    live.write_text(untried.replace("6.1", "5.0"))
    names = {"staging": "local", "prod": "live"}
    run(stack, documented("python -m panda_infra promote staging --to prod", names))
    after = live.read_text()
    assert image(bed).partition("@")[2] in after
    assert "5.0" not in after
