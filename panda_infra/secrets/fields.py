"""Every secret value that a stack can have, and those that it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from panda_infra.catalog.experiments import EXPERIMENTS
from panda_infra.config.messages import set_secret
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.plan.consumers import readers
from panda_infra.secrets.field import Field, Predicate, value_of
from panda_infra.secrets.fixed_fields import BIGMON, FIXED, READ_BY_BIGMON
from panda_infra.secrets.limits import INI

__all__ = ["fields", "file_field", "missing", "missing_problems", "required"]


def fields(config: StackConfig) -> tuple[Field, ...]:
    """Every secret value that this stack could have."""
    return (*FIXED, *_of_clients(config), *_of_providers(config), *_of_files(config), *_of_certificates())


def required(config: StackConfig) -> list[Field]:
    """The values that this stack cannot do without."""
    return [each for each in fields(config) if each.is_required(config)]


def missing(config: StackConfig) -> list[Field]:
    """The required values that are not set."""
    return [each for each in required(config) if value_of(config.secrets, each.path) is None]


def missing_problems(config: StackConfig, *, stack: str) -> list[Problem]:
    """Each missing value with the command that sets it."""
    return [
        Problem(
            f"secrets.{each.key}",
            f"is missing: {each.title}",
            f"Run `{set_secret(stack, each.key)}`.",
            awaits_site=True,
        )
        for each in missing(config)
    ]


def _of_clients(config: StackConfig) -> Iterator[Field]:
    for client in config.auth.clients:
        yield Field(
            ("auth", "clientSecrets", client.name),
            f"secret of the client of {client.name}, which the PanDA server shows to the world",
            "person",
            ("panda-auth", "idds-auth"),
            {"idds/rest": INI},
            lambda _config: False,
        )


def _of_providers(config: StackConfig) -> Iterator[Field]:
    bigmon = config.components.bigmon
    for name in bigmon.settings.providers if bigmon else ():
        title = f"secret of BigMon's client at {name}"
        yield Field(("bigmon", "providerSecrets", name), title, "person", BIGMON, READ_BY_BIGMON)


def _of_files(config: StackConfig) -> Iterator[Field]:
    expected: dict[str, tuple[str, ...]] = {"harvesterAuth": EXPERIMENTS[config.experiment].auth_files}
    if config.rucio.auth_type == "x509_proxy":
        expected["panda"] = (config.rucio.proxy,)
    for name, info in type(config.secrets.files).model_fields.items():
        owner = str(info.alias)
        given: Mapping[str, SecretStr] = getattr(config.secrets.files, name)
        yield from (file_field(owner, file) for file in dict.fromkeys((*expected.get(owner, ()), *given)))


def file_field(owner: str, file: str) -> Field:
    """A file beside an owner's certificate or among Harvester's tokens, set or not."""
    suffixes = ("harvester-auth",) if owner == "harvesterAuth" else (f"{owner}-certs",)
    more = ("bigmon-certs",) if owner == "panda" and file.endswith(".proxy") else ()
    title = f"file {file} of {owner}"
    return Field(("files", owner, file), title, "person", (*suffixes, *more), is_file=True)


def _of_certificates() -> Iterator[Field]:
    for owner in ("panda", "bigmon", "idds", "harvester", "ui", "iam"):
        # Harvester's Ingress names BigMon's Secret.
        suffixes = (f"{owner}-certs",) if owner == "harvester" else (f"{owner}-certs", f"{owner}-tls-certs")
        for part, title in (("certificate", "host certificate"), ("key", "key of the host certificate")):
            path = ("certificates", owner, part)
            yield Field(
                path,
                f"{title} of {owner}",
                "person",
                suffixes,
                needed=_certificate_needed(owner),
                is_file=True,
            )
        path, title = ("certificates", owner, "chain"), f"issuers of the host certificate of {owner}"
        yield Field(path, title, "person", suffixes, needed=lambda _config: False, is_file=True)


def _certificate_needed(owner: str) -> Predicate:
    """An exposed host needs one, and so do the images that make none for themselves.

    That of the PanDA server makes one as root, and cannot read its key as the user that the server runs as.
    """

    def needed(config: StackConfig) -> bool:
        makes_none = {"harvester", "ui"} if config.is_rootless else {"harvester", "panda", "ui"}
        return owner in makes_none or f"{owner}-tls-certs" in readers(config)

    return needed
