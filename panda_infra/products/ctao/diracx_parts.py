"""DiracX' settings in a stack file, the configuration that it is given, and its programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from panda_infra.config.base import PORT, Form, Model, plain
from panda_infra.errors import Problem
from panda_infra.products.content import as_json
from panda_infra.products.ctao.context import issuer_url
from panda_infra.products.ctao.interfaces import Fixture, InterfaceComponent, Interfaces, Trusted
from panda_infra.products.ctao.programs import EVERYBODY, GROUP, Mount, Part, patient, tcp
from panda_infra.products.ctao.trust import AUTHORITIES, BUNDLE, CA
from panda_infra.products.metrics import traces_to
from panda_infra.products.rule import rule
from panda_infra.products.settings import ComponentSettings, Url, Word
from panda_infra.products.workloads import Replicated, SubComponent

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.rules.subject import Subject

__all__ = [
    "API_PORT",
    "REDIS_PORT",
    "WEB_PORT",
    "Diracx",
    "DiracxSettings",
    "address",
    "configuration",
    "groups_are_declared",
    "issuer",
    "parts",
    "trusts",
]

API_PORT, WEB_PORT, REDIS_PORT = 8000, 8080, 6379
_SCRIPTS = Path(__file__).parent / "scripts"
_START = (_SCRIPTS / "diracx.sh").read_text(encoding="utf-8")
_DAILY = (_SCRIPTS / "daily.sh").read_text(encoding="utf-8")
_SCRIPT, _CONFIGURATION = "/etc/diracx/diracx.sh", "/etc/diracx/default.yml"
_EACH_DAY = "/etc/diracx/daily.sh"
_KEYS = "/keystore/jwks.json"
_AUTHORITIES = "/etc/authorities/ca.pem"
# The image's environment, then the program, as in upstream's chart.
_RUN = ("/usr/local/bin/_entrypoint.sh", "bash", "/entrypoint.sh", "bash", _SCRIPT)
_SIZES = ("small", "medium", "large")
_TASKS = 10


class Group(Model):
    """A group of users."""

    properties: tuple[Word, ...] = ("NormalUser",)
    """Rights of its users, in DIRAC's words."""
    users: tuple[Annotated[str, plain("0a1b2c3d-0000-4000-8000-000000000000")], ...] = ()
    """The subjects of its users, as in tokens of the issuer."""


class Organisation(Model):
    """A virtual organisation whose members use DiracX."""

    client: Word
    """DiracX' client at the issuer."""
    issuer: Url | None = None
    """Issuer of its members' tokens; default: `interfaces.iam`."""
    default_group: Word = "user"
    """Group of a user who asks for none."""
    users: dict[Annotated[str, plain("0a1b2c3d-0000-4000-8000-000000000000")], Word] = {}
    """Name of each user by subject."""
    groups: dict[Word, Group] = {"user": Group()}
    """Groups by name."""


Repository = Annotated[
    str,
    Form(
        rf"git\+https://[A-Za-z0-9][A-Za-z0-9.-]*(:{PORT})?(/[\w./-]*)?(\?revision=[\w./-]+)?",
        "a git repository by git+https://, without credentials",
        "git+https://gitlab.site.org/dpps/diracx-config",
    ),
]


class DiracxSettings(ComponentSettings):
    """Organisations with their users and groups."""

    organisations: dict[Word, Organisation] = {}
    """Virtual organisations by name."""
    repository: Repository | None = None
    """A public repository with the whole configuration, instead of `organisations`."""


class Diracx(InterfaceComponent):
    """DiracX."""

    needs: ClassVar[tuple[str, ...]] = ("dirac_database", "objectstore", "opensearch")

    server: Replicated = Replicated()
    """The API."""
    web: Replicated = Replicated()
    """Its web pages."""
    redis: SubComponent = SubComponent()
    """Redis with its tasks."""
    scheduler: SubComponent = SubComponent()
    """Hands tasks out."""
    worker_small: Replicated = Replicated()
    """Carries out small tasks."""
    worker_medium: Replicated = Replicated()
    """Carries out medium tasks."""
    worker_large: Replicated = Replicated()
    """Carries out large tasks."""
    cleanup: SubComponent = SubComponent()
    """Removes expired log-ins and tokens, each day."""
    settings: DiracxSettings = DiracxSettings()
    """Organisations, users, groups."""


def issuer(config: "Settings") -> str:
    """The issuer that `interfaces.iam` names, or its fixture; empty without one."""
    return issuer_url(config.maybe(Interfaces) or Interfaces(), config.names)


def trusts(config: "Settings") -> bool:
    """True if DiracX calls a server whose certificate is of an authority that no image has."""
    interfaces = config.maybe(Interfaces) or Interfaces()
    outside = (interfaces.iam, interfaces.objectstore, interfaces.opensearch)
    return isinstance(interfaces.iam, Fixture) or any(
        isinstance(each, Trusted) and each.trust is not None for each in outside
    )


def address(config: "Settings") -> str:
    """DiracX' own address, which is the issuer of its tokens: its host, else its Service."""
    host = config.hosts.of("diracx")
    return f"https://{host}" if host else f"http://{config.names.workload('diracx', 'server')}:{API_PORT}"


def _organisation(given: Organisation, config: "Settings") -> Mapping[str, object]:
    return {
        "DefaultGroup": given.default_group,
        "IdP": {"URL": given.issuer or issuer(config), "ClientID": given.client},
        "Users": {subject: {"PreferedUsername": name} for subject, name in given.users.items()},
        "Groups": {
            name: {"Properties": list(group.properties), "Users": list(group.users)}
            for name, group in given.groups.items()
        },
    }


def configuration(config: "Settings") -> str:
    """The content of DiracX' configuration, as JSON, which is YAML too."""
    settings = config.components.of(Diracx).settings
    registry = {name: _organisation(given, config) for name, given in settings.organisations.items()}
    return as_json({"DIRAC": {}, "Operations": {"Defaults": {}}, "Registry": registry}) + "\n"


def _variables(config: "Settings", settings: DiracxSettings) -> dict[str, str]:
    interfaces, own = config.maybe(Interfaces) or Interfaces(), address(config)
    store = interfaces.objectstore
    redirects = [f"{own}/api/docs/oauth2-redirect", f"{own}/#authentication-callback"]
    return {
        "DIRACX_CONFIG_BACKEND_URL": settings.repository or "git+file:///work/configuration",
        "DIRACX_SERVICE_AUTH_TOKEN_ISSUER": own,
        "DIRACX_SERVICE_AUTH_TOKEN_KEYSTORE": f"file://{_KEYS}",
        "DIRACX_SERVICE_AUTH_ALLOWED_REDIRECTS": as_json(redirects),
        "DIRACX_SANDBOX_STORE_BUCKET_NAME": store.sandboxes if store else "",
        # At a site, the owner of the object store makes the buckets.
        "DIRACX_SANDBOX_STORE_AUTO_CREATE_BUCKET": "true" if isinstance(store, Fixture) else "false",
    }


def _traces(config: "Settings", part: str) -> dict[str, str]:
    """The variables that make DiracX send traces, under the same names as its logs and metrics."""
    endpoint = traces_to(config)
    if not endpoint:
        return {}
    labels = {
        "namespace": config.namespace,
        "release": config.names.release("diracx"),
        "component": "diracx",
        "part": part,
    }
    return {
        "DIRACX_OTEL_ENABLED": "true",
        "DIRACX_OTEL_PROTOCOL": "http",
        "DIRACX_OTEL_HTTP_ENDPOINT": endpoint,
        "DIRACX_OTEL_APPLICATION_NAME": config.names.workload("diracx", part),
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={text}" for key, text in labels.items()),
    }


def parts(config: "Settings") -> Sequence[Part]:
    """The programs of DiracX."""
    settings = config.components.of(Diracx).settings
    files = {_SCRIPT: _START}
    if settings.repository is None:
        files[_CONFIGURATION] = configuration(config)
    variables = _variables(config, settings)
    secrets = {_KEYS: Mount("diracx-keys", "jwks.json")}
    if trusts(config):
        variables["SSL_CERT_FILE"] = BUNDLE
        secrets[_AUTHORITIES] = Mount(AUTHORITIES, CA, EVERYBODY)

    def program(name: str, *words: str, serves: bool = False) -> Part:
        return Part(
            name=name,
            command=_RUN,
            arguments=words,
            ports={"http": API_PORT} if serves else {},
            variables=variables | _traces(config, name),
            environments=("diracx", "diracx-databases"),
            files=files,
            secrets=secrets,
            scratch=("/work",),
            probe=_health("ready") | {"periodSeconds": 10} if serves else {},
            alive=patient(_health("live")) if serves else {},
            group=None if config.is_rootless else GROUP,
        )

    listen = ("--host=0.0.0.0", f"--port={API_PORT}", "--proxy-headers", "--forwarded-allow-ips=*")
    return (
        program("server", "uvicorn", "--factory", "diracx.routers.factory:create_app", *listen, serves=True),
        Part(name="web", ports={"http": WEB_PORT}, probe=_PAGE | {"periodSeconds": 10}, alive=patient(_PAGE)),
        Part(
            name="redis",
            ports={"redis": REDIS_PORT},
            command=("redis-server", "/etc/redis/redis.conf"),
            secrets={"/etc/redis/redis.conf": Mount("diracx-redis", "redis.conf")},
            probe=tcp("redis"),
            alive=patient(tcp("redis")),
        ),
        program("scheduler", "diracx-tasks", "scheduler"),
        *(
            program(
                f"worker-{size}",
                *("diracx-tasks", "worker", "--worker-size", size, "--max-concurrent-tasks", str(_TASKS)),
            )
            for size in _SIZES
        ),
        # The web server sends no traces.
        replace(
            program("cleanup", "bash", _EACH_DAY, *_CLEANUP),
            files={**files, _EACH_DAY: _DAILY},
            variables=variables,
        ),
    )


_CLEANUP = ("python", "-m", "diracx.logic", "cleanup-authdb")
_PAGE = {"httpGet": {"path": "/", "port": "http"}, "timeoutSeconds": 15}


def _health(what: str) -> dict[str, object]:
    return {"httpGet": {"path": f"/api/health/{what}", "port": "http"}, "timeoutSeconds": 15}


@rule("components", "interfaces")
def groups_are_declared(subject: "Subject") -> Iterator[Problem]:
    """DiracX would start with no organisation, or not at all with one that names what is not there."""
    diracx = subject.config.components.get(Diracx)
    if diracx is None:
        return
    settings, where = diracx.settings, "components.diracx.settings"
    if bool(settings.organisations) == bool(settings.repository):
        what = "are both there" if settings.repository else "is missing, and so is repository"
        yield Problem(
            f"{where}.organisations",
            f"{what}: DiracX has one configuration, of the stack file or of a repository",
            "Write e.g. `organisations: {ctao: {client: dpps}}`, or a repository alone.",
        )
    for name, given in settings.organisations.items():
        own = f"{where}.organisations.{name}"
        if given.default_group not in given.groups:
            what = f"names {given.default_group}, which {own}.groups does not declare"
            known = ", ".join(given.groups) or "none yet"
            yield Problem(f"{own}.defaultGroup", what, f"Declare it there, or name one of {known}.")
        for group, members in given.groups.items():
            for user in sorted(set(members.users) - set(given.users)):
                what = f"names {user}, whom {own}.users does not declare"
                yield Problem(f"{own}.groups.{group}.users", what, "Declare the user there, or remove it.")
        if given.issuer is None and not issuer(subject.config):
            what = "is missing, and interfaces.iam names none"
            yield Problem(f"{own}.issuer", what, "Write the address of the issuer of its members' tokens.")
