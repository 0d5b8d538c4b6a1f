"""A site's copy of upstream's checkout, with values and files of its own in place of what upstream leaves open."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.keystore import make_keystore
from panda_infra.secrets.certificates import make_authority

__all__ = ["APPLICATIONS", "application", "commit", "site_of"]

APPLICATIONS = {"panda": "panda", "panda-msgsvc": "msgsvc", "panda-harvester": "harvester"} | {
    "panda-idds": "idds",
    "panda-bigmon": "bigmon",
}
"""The components that upstream's Applications of DOMA deploy, by their names."""
_HOSTS = (
    "pandaserver-doma.cern.ch",
    "panda-doma.cern.ch",
    "panda-idds-doma.cern.ch",
    "panda-iam-dev.cern.ch",
)
_KNOWN = {
    'deployment: "FIXME"': "deployment: POSTGRES",
    'dbaccess: "FIXME"': "dbaccess: dbaccess_postgres",
    'backend: "FIXME"': "backend: postgres",
    'logs_provider: "FIXME"': "logs_provider: rucio",
    'hostname: "FIXME"': "hostname: panda-doma.cern.ch",
    'hostName: "FIXME"': "hostName: pandaserver-doma.cern.ch",
    'base_url: "FIXME"': "base_url: https://panda-iam-doma.cern.ch",
}


def site_of(checkout: Path, folder: Path, affix: str, external: Mapping[str, str]) -> None:
    """Copy a checkout and fill in what DOMA would; ``external`` are components with a database elsewhere.

    Each comes with the key that names its host.
    """
    shutil.copytree(checkout, folder, ignore=shutil.ignore_patterns(".git"))
    text = (folder / "secrets" / "values.yaml").read_text().replace('affix: "-FIXME"', f'affix: "{affix}"')
    for placeholder, value in _KNOWN.items():
        text = text.replace(placeholder, value)
    numbers = iter(range(1000))
    values = yaml.safe_load(re.sub(r'"?FIXME"?', lambda _: f'"canary-{next(numbers)}x"', text))
    for component, key in external.items():
        values[component]["database"][key] = "database.cern.ch"
    values["bigmon"]["auth"]["providers"]["indigoiam"]["basePath"] = "https://panda-iam-doma.cern.ch"
    (folder / "secrets" / "values-secret.yaml").write_text(yaml.safe_dump(values))
    _files(folder / "secrets" / "files")


def _files(folder: Path) -> None:
    authority = make_authority("A site's authority", now=datetime.now(UTC))
    for owner in ("panda", "bigmon", "idds", "harvester", "ui", "iam"):
        made = authority.issue(_HOSTS)
        certificates = folder / f"{owner}_certs"
        certificates.mkdir(exist_ok=True)
        for name, part in (("hostcert.pem", "certificate"), ("hostkey.pem", "key"), ("chain.pem", "chain")):
            (certificates / name).write_text(getattr(made, part))
    (folder / "iam_conf" / "iam-keystore.jwks").write_text(make_keystore())
    for name in EXPERIMENTS["doma"].auth_files:
        (folder / "harvester_auth" / name).write_text(f"canary {name}")


def commit(folder: Path) -> str:
    """Make a repository of a folder; the hash of its only commit."""
    git = ["git", "-C", str(folder), "-c", "user.email=site@example.org", "-c", "user.name=Site"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Site"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    return subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def application(folder: Path, name: str, namespace: str, revision: str) -> str:
    """Upstream's Application of a component as Argo CD has it once it has deployed it."""
    file = folder / "argocd-apps" / "doma" / f"{APPLICATIONS[name]}.yaml"
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    found["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    found["spec"]["destination"]["namespace"] = namespace
    found["spec"]["source"]["repoURL"] = str(folder)
    found["status"] = {"sync": {"status": "Synced", "revision": revision}}
    return json.dumps(found)
