"""The ``clouds.yaml`` with which clients find the cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from testbed.openstack_bed.offer import USER
from testbed.openstack_bed.settings import REGION, Settings

TENANT = "testbed"
ADMINISTRATOR = "testbed-admin"
APPLICATION_CREDENTIAL = "testbed-application-credential"


def write(settings: Settings, credential: tuple[str, str]) -> None:
    """Writes ``<folder>/clouds.yaml``, readable by its owner only; ``credential`` is an id and its secret."""
    identifier, secret = credential
    entries: dict[str, dict[str, Any]] = {
        TENANT: {"auth": _password(settings, USER)},
        ADMINISTRATOR: {"auth": _password(settings, "admin")},
        APPLICATION_CREDENTIAL: {
            "auth_type": "v3applicationcredential",
            "auth": {
                "auth_url": settings.url("keystone"),
                "application_credential_id": identifier,
                "application_credential_secret": secret,
            },
        },
    }
    common = {"region_name": REGION, "identity_api_version": "3"}
    path = file(settings)
    path.touch(mode=0o600)
    path.write_text(
        yaml.safe_dump({"clouds": {name: {**entry, **common} for name, entry in entries.items()}})
    )


def file(settings: Settings) -> Path:
    """The path of the file."""
    return settings.folder / "clouds.yaml"


def _password(settings: Settings, user: str) -> dict[str, Any]:
    return {
        "auth_url": settings.url("keystone"),
        "username": user,
        "password": settings.password,
        "project_name": user,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
