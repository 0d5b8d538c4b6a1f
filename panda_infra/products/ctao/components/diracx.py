"""DiracX: its API, its web pages, and the workers that carry out its tasks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, as_json, reveal
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.components.diracx_bootstrap import DATABASES
from panda_infra.products.ctao.diracx_parts import (
    API_PORT,
    REDIS_PORT,
    WEB_PORT,
    Diracx,
    groups_are_declared,
    parts,
    trusts,
)
from panda_infra.products.ctao.interfaces import ExternalObjectStore, InterfacesSecrets, Trusted
from panda_infra.products.ctao.keys import (
    flaw_of_keys,
    flaw_of_legacy_key,
    hashed,
    new_keys,
    new_legacy_key,
    new_state_key,
)
from panda_infra.products.ctao.programs import CHART, VERSION, values
from panda_infra.products.ctao.trust import AUTHORITIES, BUNDLE
from panda_infra.products.ctao.versions import (
    DIRACX_IMAGE,
    DIRACX_TASKS_IMAGE,
    DIRACX_WEB_IMAGE,
    REDIS_IMAGE,
)
from panda_infra.products.model import (
    ComponentSpec,
    Endpoint,
    HostCertificate,
    SecretUse,
    SubComponentSpec,
    start,
)
from panda_infra.products.network import Call, Remote
from panda_infra.products.secret_values import Contained, SecretValue, password
from panda_infra.products.tls import of_ingress
from panda_infra.products.verification import Check, Request
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["COMPONENT", "DiracxSecrets"]

_REDIS = Call("diracx", "redis", REDIS_PORT)
_SERVER = Call("diracx", "server", API_PORT)
_ENDS_SESSIONS = "every session of DiracX ends"


class DiracxSecrets(Model):
    """Keys and passwords of DiracX."""

    signing_keys: Annotated[
        SecretStr | None,
        SecretValue(
            title="keys that sign DiracX's tokens",
            make=new_keys,
            secrets=("diracx-keys",),
            flaw=flaw_of_keys,
            consequence=_ENDS_SESSIONS,
        ),
    ] = None
    """Keys that sign tokens, as a set of JSON Web Keys; the first one signs."""
    state_key: Annotated[
        SecretStr | None,
        SecretValue(title="key of DiracX's log-ins", make=new_state_key, secrets=("diracx",)),
    ] = None
    """Key that encrypts what a log-in sends around."""
    legacy_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="key by which DIRAC gets tokens of DiracX",
            make=new_legacy_key,
            secrets=("diracx",),
            flaw=flaw_of_legacy_key,
        ),
    ] = None
    """Key by which DIRAC's services get tokens of DiracX, which knows its hash alone."""
    redis_password: Annotated[
        SecretStr | None,
        SecretValue(title="password of DiracX's Redis", make=password, secrets=("diracx", "diracx-redis")),
    ] = None
    """Password of the Redis with its tasks."""


def settings(context: "Context") -> Env:
    """The Secret diracx: those of its settings that hold a secret; upstream's chart has them among its values (C46)."""
    own, outside = context.secrets.of(DiracxSecrets), context.secrets.of(InterfacesSecrets)
    store = context.interfaces.objectstore
    host, port, user = context.opensearch
    redis = context.names.workload("diracx", "redis")
    return {
        "DIRACX_SERVICE_AUTH_STATE_KEY": reveal(own.state_key),
        "DIRACX_LEGACY_EXCHANGE_HASHED_API_KEY": hashed(reveal(own.legacy_key)),
        "DIRACX_TASKS_REDIS_URL": f"redis://:{reveal(own.redis_password)}@{redis}:{REDIS_PORT}",
        "DIRACX_SANDBOX_STORE_S3_CLIENT_KWARGS": as_json(
            {
                "endpoint_url": context.objectstore_url,
                "aws_access_key_id": reveal(outside.object_store_access_key),
                "aws_secret_access_key": reveal(outside.object_store_secret_key),
                **({"region_name": store.region} if isinstance(store, ExternalObjectStore) else {}),
                **_by("verify", store),
            }
        ),
        "DIRACX_OS_DB_JOBPARAMETERSDB": as_json(
            {
                "hosts": f"{user}:{reveal(outside.open_search_password)}@{host}:{port}",
                "use_ssl": True,
                # The fixture makes its certificate itself.
                "verify_certs": context.opensearch_is_outside,
                **_by("ca_certs", context.interfaces.opensearch),
            }
        ),
    }


def _by(key: str, outside: object) -> dict[str, str]:
    """The option that names the authorities, for a client that reads no environment variable."""
    return {key: BUNDLE} if isinstance(outside, Trusted) and outside.trust else {}


def redis(context: "Context") -> Env:
    """The Secret diracx-redis: the configuration of its Redis, with the password, which no argument may contain."""
    text = f'requirepass {reveal(context.secrets.of(DiracxSecrets).redis_password)}\nsave ""\nappendonly no\n'
    return {"redis.conf": text}


def _values(config: "Settings", names: "Names") -> Values:
    exposed = {
        "name": names.ingress("diracx", "ingress"),
        "secret": names.secret("diracx-tls-certs"),
        "service": names.workload("diracx", "web"),
        "port": WEB_PORT,
    }
    return values("diracx", names, parts(config)) | {"ingress": exposed}


def _paths(_config: "Settings", names: "Names") -> tuple[Values, ...]:
    """The paths that the API serves; all others are web pages."""
    service = {"serviceName": names.workload("diracx", "server"), "servicePort": API_PORT}
    return tuple({"path": path, "pathType": "Prefix", **service} for path in ("/api", "/.well-known"))


def _server_remotes(context: "Context") -> Iterator[Remote]:
    for group in (remotes.dirac_database, remotes.objectstore, remotes.opensearch, remotes.issuer):
        yield from group(context)


def _trusts(use: SecretUse, config: "Settings") -> SecretUse | None:
    return use if trusts(config) else None


_TRUST = (SecretUse(AUTHORITIES, "start", in_stack=_trusts),)


def _part(name: str, image: tuple[str, str]) -> SubComponentSpec:
    return SubComponentSpec(
        name=name,
        workload="Deployment",
        chart_image=image,
        image=image,
        secrets=(*start("diracx", DATABASES, "diracx-keys"), *_TRUST),
        ports=(API_PORT,) if name == "server" else (),
        switchable=name.startswith("worker"),
        scalable=name != "scheduler",
        calls=(remotes.DIRAC_DATABASE, remotes.OBJECTSTORE, remotes.OPENSEARCH, remotes.ISSUER, _REDIS),
        remotes=_server_remotes,
        traces=True,
    )


_SIZES = ("small", "medium", "large")

COMPONENT = ComponentSpec(
    name="diracx",
    title="DiracX",
    about="DiracX, API and web pages.",
    position=270,
    version=VERSION,
    usual_seconds=40,
    chart=CHART,
    ships=True,
    config=Diracx,
    sub_components=(
        _part("server", DIRACX_IMAGE),
        SubComponentSpec(
            name="web",
            workload="Deployment",
            chart_image=DIRACX_WEB_IMAGE,
            image=DIRACX_WEB_IMAGE,
            ports=(WEB_PORT,),
        ),
        SubComponentSpec(
            name="redis",
            workload="Deployment",
            chart_image=REDIS_IMAGE,
            image=REDIS_IMAGE,
            secrets=start("diracx-redis"),
            ports=(REDIS_PORT,),
            switchable=False,
            scalable=False,
        ),
        _part("scheduler", DIRACX_TASKS_IMAGE),
        *(_part(f"worker-{size}", DIRACX_TASKS_IMAGE) for size in _SIZES),
        replace(
            _part("cleanup", DIRACX_IMAGE),
            switchable=True,
            scalable=False,
            calls=(remotes.DIRAC_DATABASE,),
            remotes=remotes.dirac_database,
            traces=False,
        ),
    ),
    needs=("diracx-bootstrap",),
    after=("dirac-db", "objectstore", "opensearch", "dex", "dirac"),
    endpoints=(
        Endpoint(
            host="diracx",
            position=270,
            about="DiracX.",
            key="ingress",
            tls="diracx-tls-certs",
            class_annotation=False,
            pods=(Call("diracx", "web", WEB_PORT),),
        ),
    ),
    secrets=DiracxSecrets,
    secrets_about="DiracX.",
    contains={
        ("interfaces", "openSearchPassword"): Contained(secrets=("diracx",)),
        ("interfaces", "objectStoreAccessKey"): Contained(secrets=("diracx",)),
        ("interfaces", "objectStoreSecretKey"): Contained(secrets=("diracx",)),
    },
    builders={
        "diracx": settings,
        "diracx-keys": lambda context: {"jwks.json": reveal(context.secrets.of(DiracxSecrets).signing_keys)},
        "diracx-redis": redis,
        "diracx-tls-certs": of_ingress("diracx"),
    },
    certificate=HostCertificate("DiracX; covers `hosts.diracx`."),
    values=_values,
    paths=_paths,
    rules=(groups_are_declared,),
    checks=(
        Check(
            "diracx.ready",
            "DiracX has its databases and its configuration",
            "DPPS-NEW",
            Request("diracx/server", API_PORT, "/api/health/ready", holds="ready", secure=False),
        ),
        Check(
            "diracx.keys",
            "DiracX shows the public part of the key that signs tokens",
            "DPPS-TOKENS",
            Request("diracx/server", API_PORT, "/.well-known/jwks.json", holds='"kid"', secure=False),
        ),
    ),
)
