"""A site's copy of upstream's checkout, with values and files of its own in place of what upstream leaves open."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.keystore import make_keystore
from panda_infra.secrets.certificates import make_authority

__all__ = ["APPLICATIONS", "application", "site_of"]

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


def application(checkout: Path, group: str, name: str, repository: str, namespace: str) -> dict[str, Any]:
    """Upstream's Application of a component, from a file of a folder of `argocd-apps`, for a site's own repository."""
    found: dict[str, Any] = yaml.safe_load(
        (checkout / "argocd-apps" / group / f"{APPLICATIONS[name]}.yaml").read_text()
    )
    found["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    found["spec"]["destination"]["namespace"] = namespace
    found["spec"]["source"]["repoURL"] = repository
    return found
