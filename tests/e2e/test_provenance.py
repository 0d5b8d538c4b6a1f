"""Each deployment by the real engine gets a record in the real registry, and whatever is done to records is found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from panda_infra.clients.registry.artifacts import Repository
from panda_infra.clients.registry.manifests import MANIFEST
from panda_infra.clients.registry.transport import address, ask
from panda_infra.provenance.keys import SIGNING_KEY
from testbed import leftovers, stacks
from testbed.bed import Bed
from testbed.real import images
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.signing import new_key, private_file, public_text
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE, _STACK = "recorded", "local"
_IMAGE, _RECORDS = "recorded/activemq", "site/records"
_KEY = new_key()


@pytest.fixture(scope="module")
def image(bed: Bed) -> str:
    """An image in the bed's registry, with an SBOM that refers to it as where a registry has no API for that."""
    digest = images.push(images.Image(()), f"{_IMAGE}:6.1", bed.registry)
    index: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "mediaType": MANIFEST,
                "digest": digest,
                "size": len(Repository(bed.registry, _IMAGE).manifest(digest) or b""),
                "artifactType": "application/spdx+json",
            }
        ],
    }
    url = address(bed.registry, _IMAGE, f"manifests/{digest.replace(':', '-')}")
    ask("PUT", url, "index", headers={"Content-Type": index["mediaType"]}, content=json.dumps(index).encode())
    return digest


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str], image: str) -> Iterator[Workspace]:  # noqa: ARG001
    named = {"repository": f"{bed.registry}/{_IMAGE}", "tag": "6.1"}
    own = {
        "panda-infra:namespace": _NAMESPACE,
        "panda-infra:hosts": {},
        "panda-infra:components": {"msgsvc": {"activemq": {"image": named}}},
        "panda-infra:auth": {"issuer": "https://iam.panda.test"},
        "panda-infra:provenance": {
            "repository": f"oci://{bed.registry}/{_RECORDS}",
            "publicKey": public_text(_KEY),
        },
    }
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, own)
    for name in ("requirements.lock", "pyproject.toml"):
        (workspace.folder / name).symlink_to(REPOSITORY / name)
    private_file(_KEY, workspace.folder / "signing.key")
    git(workspace.folder, "init", "--quiet")
    commit(workspace.folder)
    yield workspace
    workspace.destroy()


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    files = ("Pulumi.yaml", f"Pulumi.{_STACK}.yaml", "panda_infra", "sites", "cric_jsons", "__main__.py")
    git(folder, "add", *files, "requirements.lock")
    git(folder, "commit", "--quiet", "--message", "as deployed")
    return git(folder, "rev-parse", "HEAD")


def run(stack: Workspace, command: str, *options: str) -> Any:
    environment = {**stack.environment(), SIGNING_KEY: str(stack.folder / "signing.key")}
    return run_in(stack.folder, environment, "provenance", command, _STACK, *options)


def recorded(stack: Workspace) -> None:
    done = run(stack, "record")
    assert done.exit_code == 0, done.output


def verified(stack: Workspace) -> Mapping[str, Any]:
    """What is verified; it has the exit code too."""
    done = run(stack, "verify", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "code": done.exit_code}


def overwrite(bed: Bed, tag: str, manifest: bytes) -> None:
    """What somebody with the registry's password can do."""
    url = address(bed.registry, _RECORDS, f"manifests/{tag}")
    assert ask("PUT", url, tag, headers={"Content-Type": MANIFEST}, content=manifest)


def test_deployments_are_recorded_and_tampering_is_found(
    bed: Bed, before: frozenset[str], stack: Workspace, image: str
) -> None:
    assert "is not deployed: nothing is recorded" in run(stack, "record").output
    deployed = stack.up()
    assert deployed.code == 0, deployed.text
    recorded(stack)
    assert stack.up("--expect-no-changes").code == 0
    recorded(stack)
    found = verified(stack)
    assert (found["code"], found["flaws"]) == (0, [])
    first, second = found["records"]
    assert second["record"]["previous"] == first["digest"]
    body = first["record"]
    assert body["commit"] == git(stack.folder, "rev-parse", "HEAD")
    assert not body["uncommittedChanges"]
    assert body["plan"] == second["record"]["plan"]
    (release,) = body["releases"]
    assert release["chart"]["digest"].startswith("sha256:")
    (ran,) = body["images"]
    assert (ran["repository"], ran["tag"], ran["digest"]) == (f"{bed.registry}/{_IMAGE}", "6.1", image)
    assert [each["kind"] for each in ran["sboms"]] == ["application/spdx+json"]
    secret = (stack.folder / "signing.key").read_text().splitlines()[1]
    assert secret not in stack.exported_state()

    records = Repository(bed.registry, _RECORDS)
    kept = {tag: records.manifest(tag) or b"" for tag in ("local.1", "local.2")}
    overwrite(bed, "local.1", kept["local.2"])
    assert verified(stack)["code"] == 1
    assert "is record 2 of stack local" in verified(stack)["records"][0]["flaw"]
    overwrite(bed, "local.1", kept["local.1"])
    attested = f"sha256-{sha256(kept['local.2']).hexdigest()}.att"
    statement = records.manifest(attested) or b""
    overwrite(bed, attested, records.manifest(f"sha256-{sha256(kept['local.1']).hexdigest()}.att") or b"")
    assert verified(stack)["flaws"] == ["record 2 is not the one that was signed"]
    overwrite(bed, attested, statement)
    assert verified(stack)["code"] == 0

    named = {"repository": f"{bed.registry}/{_IMAGE}", "tag": "6.1"}
    section = {"msgsvc": {"activemq": {"image": named, "annotations": {"by": "hand"}}}}
    stack.configure({"panda-infra:components": section})
    assert stack.up().code == 0
    assert "was deployed since the newest record" in verified(stack)["flaws"][0]
    recorded(stack)
    third = verified(stack)["records"][2]["record"]
    assert third["uncommittedChanges"]
    assert third["plan"] != body["plan"]

    newest = records.manifest("local.3") or b""
    overwrite(bed, "local.3", kept["local.1"])
    assert any("record 3 is another one than sha256:" in flaw for flaw in verified(stack)["flaws"])
    refused = run(stack, "record")
    assert refused.exit_code == 1
    assert "nothing is recorded behind it" in refused.output
    overwrite(bed, "local.3", newest)
    assert verified(stack)["code"] == 0

    kept_section = {"repository": "oci://127.0.0.1:1/none", "publicKey": public_text(_KEY)}
    stack.configure({"panda-infra:provenance": kept_section})
    failed = run(stack, "record")
    assert failed.exit_code == 1
    assert "cannot be reached" in failed.output
    assert stack.up("--expect-no-changes").code == 0

    kept_section["repository"] = f"oci://{bed.registry}/{_RECORDS}"
    stack.configure({"panda-infra:provenance": kept_section})
    destroyed = stack.destroy()
    assert destroyed.code == 0, destroyed.text
    assert leftovers.of_cluster(bed) == before
    found = verified(stack)
    assert (found["code"], len(found["records"])) == (0, 3)
