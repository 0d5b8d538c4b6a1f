"""A small stack that installs Argo CD, made by the commands of the page about Argo CD."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from panda_infra.authority import make_authority
from panda_infra.cli.errors import INCOMPLETE
from testbed.bed import Bed
from testbed.stacks import LOCAL, on_bed
from testbed.workspace import PROJECT, Workspace, overridden
from tests.support.command_line import run_in
from tests.support.documented import documented

__all__ = ["HOST", "made", "path_of", "reported", "stored"]

HOST = "argocd.panda.test"
_ROOTS = {
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
}


def made(bed: Bed, name: str, *, code: int = 0, **sections: Any) -> Workspace:
    """A stack in a namespace ``name``; its secrets are encrypted one by one, as `init` does it.

    ``code`` is the exit code of `init`, unless only the certificate is missing, which is stored then.
    """
    workspace = Workspace(bed.state / "stacks" / name, "local")
    own = {
        "namespace": name,
        "components": {"msgsvc": {}},
        "hosts": {},
        "auth": {"issuer": "https://iam.panda.test"},
        **sections,
    }
    config = on_bed(bed) | {f"{PROJECT}:{key}": value for key, value in own.items()}
    workspace.create(overridden(LOCAL, config))
    exposed = "host" in sections.get("argocd", {})
    reported(
        workspace,
        documented("python -m panda_infra init doma").arguments,
        code=INCOMPLETE if exposed else code,
    )
    if exposed:
        store = documented("python -m panda_infra secrets set doma certificates.argocd --file argocd.p12")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "argocd.p12"
            file.write_bytes(_p12(HOST))
            reported(workspace, [str(file) if word == file.name else word for word in store.arguments])
    return workspace


def reported(workspace: Workspace, arguments: Sequence[str], *, code: int = 0, stdin: bytes = b"") -> str:
    """Run a command of the program, in which `doma` stands for the stack."""
    words = [workspace.stack if word == "doma" else word for word in arguments]
    done = run_in(workspace.folder, workspace.environment(), *words, stdin=stdin)
    assert done.exit_code == code, done.output
    return str(done.output)


def stored(workspace: Workspace, name: str) -> str:
    """A secret of Argo CD, by the command that shows it."""
    show = documented(
        "pulumi config get --path panda-infra:secrets.argocd.adminPassword --stack doma",
        {"doma": workspace.stack, "adminPassword": name},
    )
    done = workspace.pulumi(*show.arguments)
    assert done.code == 0, done.text
    return done.stdout.strip()


def path_of(kind: str, name: str) -> str:
    """The path of an object that Argo CD has outside of its namespace."""
    return f"{_ROOTS[kind]}/{name}"


def _p12(host: str) -> bytes:
    issued = make_authority("an authority", now=datetime.now(UTC)).issue([host])
    key = serialization.load_pem_private_key(issued.key.encode(), None)
    certificate, authority = (
        x509.load_pem_x509_certificate(text.encode()) for text in (issued.certificate, issued.chain)
    )
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    plain = serialization.NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"argocd", key, certificate, [authority], plain)
