"""The robot as which Rucio's daemons act, and the authorities that they trust, in the forms of grid software."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from panda_infra.config.base import Form
from panda_infra.products.content import Env
from panda_infra.products.ctao.interfaces import Trusted
from panda_infra.products.ctao.trust_folder import hashed_names
from panda_infra.products.tls import COMBINED, certificate_blocks, issuers, pem
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["ROBOT_SECRET", "TRUST_SECRET", "Subject", "robot_values", "trust"]

ROBOT_SECRET = "rucio-daemons-tls-certs"  # noqa: S105 - a name
TRUST_SECRET = "rucio-trust"  # noqa: S105 - a name
_ROBOT, _TRUST, _BUNDLE = "/etc/grid-security/robot", "/etc/grid-security/certificates", "ca.pem"
_TYPE, _VALUE = r"(CN|OU|O|L|ST|C|DC|UID)", r"[A-Za-z0-9 .:/@_()-]*[A-Za-z0-9.)]"
Subject = Annotated[
    str,
    Form(
        rf"{_TYPE}={_VALUE}(,{_TYPE}={_VALUE})*",
        "a subject with its own name first, of letters, digits and ` .:/@_()-`",
        "CN=Robot: DPPS,OU=Robots,O=CTAO,DC=cta,DC=org",
        longest=400,
    ),
]


def robot_values(names: Names, robot: str) -> Values:
    """The values of the daemons' chart for a robot whose certificate is in that Secret.

    The Secrets are mounted as folders: a renewed certificate arrives in pods that run.
    """
    files = {
        "X509_USER_CERT": f"{_ROBOT}/tls.crt",
        "X509_USER_KEY": f"{_ROBOT}/tls.key",
        "X509_CERT_DIR": _TRUST,
    }
    return {
        "secretMounts": [
            {
                "volumeName": "robot",
                "secretFullName": names.secret(robot),
                "mountPath": _ROBOT,
                # Clients of X.509 refuse a key that others may read.
                "defaultMode": 0o400,
            },
            {"volumeName": "trust", "secretFullName": names.secret(TRUST_SECRET), "mountPath": _TRUST},
        ],
        "optional_config": files,
        # FTS' client takes one file for certificate and key.
        "config": {"conveyor": {"usercert": f"{_ROBOT}/{COMBINED}", "cacert": f"{_TRUST}/{_BUNDLE}"}},
    }


def trust(context: Context) -> Env:
    """The Secret rucio-trust: the authorities in one file for HTTP clients, and in a folder of hashes for the grid."""
    found = list(dict.fromkeys(_authorities(context)))
    return {_BUNDLE: "".join(found)} | dict(zip(hashed_names(found), found, strict=True))


def _authorities(context: Context) -> Iterator[str]:
    """The authorities of the daemons' own certificate, of the server's, and of each interface that names some."""
    texts = [issuers(context.config, name) for name in ("rucio-daemons", "rucio")]
    given: list[Any] = [getattr(context.interfaces, name) for name in type(context.interfaces).model_fields]
    texts += [each.trust or "" for each in given if isinstance(each, Trusted)]
    for text in texts:
        yield from (pem(block) for block in certificate_blocks(text))
