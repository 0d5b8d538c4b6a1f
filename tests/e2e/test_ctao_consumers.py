"""Rucio's and DiracX' own software, in the images' versions, reads what the stack of DPPS makes (testbed/consumers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from panda_infra.config.paths import Path
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.products.ctao.versions import DIRACX_IMAGE, SERVER_IMAGE
from panda_infra.secrets.generate import stand_ins, with_values
from testbed.consumers import collector
from testbed.consumers.registry import OF_CTAO
from testbed.consumers.restores.bucket import ADDRESS, BUCKET
from testbed.consumers.rucio.reconcile import POLICY
from testbed.consumers.sandbox import Check
from tests.support import asked, ctao
from tests.support.real_software import tried
from tools import images, toolchain

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_BACKUP = {"to": {"kind": "s3", "endpoint": ADDRESS, "bucket": BUCKET}}
_ROBOT = "CN=DPPS robot,O=CTAO,C=DE"
_PROTOCOL = {"scheme": "davs", "host": "north.site.org", "port": 443, "prefix": "/ctao"}
_SOUTH = {"protocols": [_PROTOCOL | {"host": "south.site.org"}]}
_DPPS = {
    "type": "SERVICE",
    "email": "dpps@site.org",
    "identities": [{"type": "X509", "identity": _ROBOT}],
    "attributes": {"admin": "true"},
}
_DECLARED: dict[str, Any] = {
    "accounts": {"dpps": _DPPS},
    "scopes": {"acada": "dpps"},
    "rses": {
        "NORTH": {
            "protocols": [_PROTOCOL],
            "attributes": {"tape": "false"},
            "limits": {"MinFreeSpace": "10Gi"},
        },
        "SOUTH": _SOUTH,
    },
    "distances": {"NORTH": {"SOUTH": 1}},
    "limits": {"dpps": {"NORTH": "1Ti"}},
}
_CHANGED: dict[str, Any] = {
    "accounts": {"dpps": _DPPS, "archive": {"email": "archive@site.org"}},
    "scopes": {"acada": "archive"},
    "rses": {
        "NORTH": {
            "protocols": [
                _PROTOCOL | {"prefix": "/dpps", "priority": 2},
                _PROTOCOL | {"scheme": "root", "port": 1094},
            ],
            "attributes": {"tape": "true"},
        },
        "SOUTH": _SOUTH,
        "WEST": {},
    },
    "distances": {"NORTH": {"SOUTH": 1, "WEST": 3}},
    "limits": {"dpps": {"NORTH": "2Ti"}},
}


# The server of the fixture as if it were the site's: nobody gives root's password away.
_OUTSIDE = {"kind": "external", "host": "ctao-dirac-db-mariadb"}


def complete(
    settings: Mapping[str, Any] = _DECLARED, *, migrate: bool = False, **interfaces: Any
) -> StackConfig:
    """The stack with a value for every secret."""
    more = {
        "rucio": {"settings": {"policyPackage": POLICY}},
        "rucio-bootstrap": {"settings": {"migrate": migrate}},
        "rucio-config": {"settings": settings},
        "rucio-daemons": {"settings": {"transferTool": "mock", "robot": _ROBOT}},
    }
    config = ctao.stack(
        components=ctao.COMPONENTS | more,
        interfaces=ctao.INTERFACES | interfaces,
        backup=_BACKUP,
        monitoring={"traces": {"endpoint": "http://{}:{}".format(*collector.ADDRESS)}},
    )
    return config.model_copy(update={"secrets": stand_ins(config)})


def other(config: StackConfig, **values: Mapping[str, str]) -> StackConfig:
    """The stack with other values of some secrets."""
    given: dict[Path, str] = {
        (section, key): text for section, keys in values.items() for key, text in keys.items()
    }
    return config.model_copy(update={"secrets": with_values(config.secrets, given)})


def of_another_authority(config: StackConfig) -> Secrets:
    """The stack's secrets with certificates that another authority has signed."""
    others = complete().secrets.certificates
    return config.secrets.model_copy(update={"certificates": others})


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """What was tried on Rucio and DiracX."""
    # The inside of the sandbox builds nothing.
    toolchain.ensure(["versitygw"])
    config = complete()
    changed = complete(_CHANGED)
    migrating = complete(migrate=True)
    variants = {
        "migrating": migrating.model_copy(update={"secrets": config.secrets}),
        "renewed": other(config, rucioBootstrap={"rootPassword": "a-renewed-password"}),
        "wrong": other(
            config,
            rucioBootstrap={"rootPassword": "a-wrong-password"},
            interfaces={"rucioDatabasePassword": "anotherpassword"},
        ),
        "changed": changed.model_copy(update={"secrets": config.secrets}),
        "outside": complete(diracDatabase=_OUTSIDE).model_copy(update={"secrets": config.secrets}),
        "unknown": config.model_copy(update={"secrets": of_another_authority(config)}),
    }
    return tried("ctao", config, OF_CTAO, **variants)


def test_the_versions_are_those_of_the_images() -> None:
    (requirement,) = (each for each in images.RUCIO.python if each.startswith("rucio"))
    assert SERVER_IMAGE[1] == f"release-{requirement.partition('==')[2]}"
    (requirement,) = (each for each in images.DIRACX.python if each.startswith("diracx-routers"))
    assert DIRACX_IMAGE[1] == f"v{requirement.partition('==')[2]}"


@pytest.mark.parametrize("consumer", ["rucio", "rucio-bootstrap", "rucio-config", "diracx"])
def test_the_software_reads_what_the_program_makes(consumer: str, checks: list[Check]) -> None:
    own = [each for each in checks if each.consumer == consumer]
    assert own
    assert [f"{each.what}: {each.detail}" for each in own if not each.passed] == []
    assert asked.names(own) == asked.ASKED.get(consumer, set())
