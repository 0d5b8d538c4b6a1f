"""A site's copy of upstream's checkout, with values and files of its own in place of what upstream leaves open."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panda_infra.authority import make_authority
from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.keystore import make_keystore
from tests.support import fast_yaml

__all__ = ["application", "applications", "site_of"]

_HOSTS = (
    "pandaserver-doma.cern.ch",
    "panda-doma.cern.ch",
    "panda-idds-doma.cern.ch",
    "panda-iam-dev.cern.ch",
    "pandaserver-tb.cern.ch",
    "bigpanda-tb.cern.ch",
    "panda-idds-tb.cern.ch",
    "panda-ui-tb.cern.ch",
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


def site_of(
    checkout: Path, folder: Path, experiment: str, *, affix: str, external: Mapping[str, str]
) -> None:
    """Copy a checkout and fill in what a site of an experiment would.

    ``affix`` is that of upstream's Secrets; ``external`` are the components whose database is elsewhere, each with
    the key that names its host.
    """
    shutil.copytree(checkout, folder, ignore=shutil.ignore_patterns(".git"))
    text = (folder / "secrets" / "values.yaml").read_text().replace('affix: "-FIXME"', f'affix: "{affix}"')
    for placeholder, value in _KNOWN.items():
        text = text.replace(placeholder, value)
    numbers = iter(range(1000))
    values = fast_yaml.load(re.sub(r'"?FIXME"?', lambda _: f'"canary-{next(numbers)}x"', text))
    for component, key in external.items():
        values[component]["database"][key] = "database.cern.ch"
    values["bigmon"]["auth"]["providers"]["indigoiam"]["basePath"] = "https://panda-iam-doma.cern.ch"
    (folder / "secrets" / "values-secret.yaml").write_text(fast_yaml.dump(values))
    _files(folder / "secrets" / "files", EXPERIMENTS[experiment].auth_files)


def _files(folder: Path, auth_files: Sequence[str]) -> None:
    authority = make_authority("A site's authority", now=datetime.now(UTC))
    for owner in ("panda", "bigmon", "idds", "harvester", "ui", "iam"):
        made = authority.issue(_HOSTS)
        certificates = folder / f"{owner}_certs"
        certificates.mkdir(exist_ok=True)
        for name, part in (("hostcert.pem", "certificate"), ("hostkey.pem", "key"), ("chain.pem", "chain")):
            (certificates / name).write_text(getattr(made, part))
    (folder / "iam_conf" / "iam-keystore.jwks").write_text(make_keystore())
    for name in auth_files:
        (folder / "harvester_auth" / name).write_text(f"canary {name}")


def applications(checkout: Path, group: str) -> dict[str, str]:
    """The files of upstream's Applications in a folder of `argocd-apps`, by the Applications' names."""
    files = sorted((checkout / "argocd-apps" / group).glob("*.yaml"))
    found = {file.name: fast_yaml.load(file.read_text()) for file in files}
    return {each["metadata"]["name"]: name for name, each in found.items() if each["kind"] == "Application"}


def application(checkout: Path, group: str, name: str, repository: str, namespace: str) -> dict[str, Any]:
    """Upstream's Application of a component, from a file of a folder of `argocd-apps`, for a site's own repository."""
    file = checkout / "argocd-apps" / group / applications(checkout, group)[name]
    found: dict[str, Any] = fast_yaml.load(file.read_text())
    found["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    found["spec"]["destination"]["namespace"] = namespace
    found["spec"]["source"]["repoURL"] = repository
    return found
