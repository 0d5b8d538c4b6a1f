"""All secret values that a stack can have, and those that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from panda_infra.config.messages import set_secret
from panda_infra.config.paths import Path
from panda_infra.config.secrets import Files, Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.plan.argocd import argocd_host
from panda_infra.plan.consumers import readers
from panda_infra.products.model import ComponentSpec, FileGroup, Predicate
from panda_infra.products.product import Product
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of, product_of_experiment
from panda_infra.products.secret_values import NamedSecretValues, SecretValue, never
from panda_infra.secrets.certified_hosts import ARGOCD
from panda_infra.secrets.field import Field, names_at, value_of

__all__ = ["fields", "file_field", "missing", "missing_problems", "named_values", "required"]


def fields(config: StackConfig) -> tuple[Field, ...]:
    """All secret values that this stack can have: those of its product, and those of every stack."""
    product = product_of_experiment(config.experiment)
    specs = components_of(product).values()
    return (*_described(config, product), *_of_files(config, specs), *_of_certificates(specs))


def required(config: StackConfig) -> list[Field]:
    """The values that this stack needs."""
    known = readers(config)
    return [each for each in fields(config) if each.is_required(config, known)]


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


def _described(config: StackConfig, product: Product) -> Iterator[Field]:
    foreign = _foreign(product.name)
    for path, item in _all_descriptions():
        if path[0] in foreign:
            continue
        if isinstance(item, SecretValue):
            yield _field(item, path)
        else:
            yield from (_field(item.value(name), (*path, name)) for name in item.names(config))


@cache
def _foreign(product: str) -> frozenset[str]:
    """The sections of secrets that other products have."""
    others = [other for name, other in PRODUCTS.items() if name != product]
    sections = {to_camel(section.name) for other in others for section in other.sections}
    specs = (spec for other in others for spec in components_of(other).values())
    return frozenset(sections | {to_camel(spec.attribute) for spec in specs if spec.secrets})


def named_values(config: StackConfig) -> Iterator[tuple[Path, NamedSecretValues, tuple[str, ...]]]:
    """The mappings of names to secret values: path, description, and the names that are given."""
    for path, item in _all_descriptions():
        if isinstance(item, NamedSecretValues):
            yield path, item, names_at(config.secrets, path)


@cache
def _all_descriptions() -> tuple[tuple[Path, SecretValue | NamedSecretValues], ...]:
    return tuple(_descriptions(Secrets, ()))


def _descriptions(
    model: type[BaseModel], path: Path
) -> Iterator[tuple[Path, SecretValue | NamedSecretValues]]:
    """The descriptions of the fields of a model and of the models below it."""
    for info in model.model_fields.values():
        here = (*path, str(info.alias))
        yield from (
            (here, item) for item in info.metadata if isinstance(item, SecretValue | NamedSecretValues)
        )
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _descriptions(info.annotation, here)


def _field(value: SecretValue, path: Path) -> Field:
    return Field(path=path, **vars(value))


def _of_files(config: StackConfig, specs: Iterable[ComponentSpec]) -> Iterator[Field]:
    for group in _groups(specs):
        given = config.secrets.files.of(group.key)
        for file in dict.fromkeys((*group.expected(config), *given)):
            yield file_field(str(Files.model_fields[group.key].alias), file)


def _groups(specs: Iterable[ComponentSpec]) -> Iterator[FileGroup]:
    return (group for spec in specs for group in spec.files)


def file_field(owner: str, file: str) -> Field:
    """A file of one of the groups of `secrets.files`, set or not."""
    group = next(each for each in _groups(COMPONENTS.values()) if Files.model_fields[each.key].alias == owner)
    return Field(
        path=("files", owner, file),
        title=f"file {file} of {owner}",
        secrets=(group.secret, *group.also(file)),
        is_file=True,
    )


def _of_certificates(specs: Iterable[ComponentSpec]) -> Iterator[Field]:
    for spec in specs:
        owner = spec.name
        if spec.certificate is None:
            continue
        # Not every component has an Ingress of its own.
        suffixes = (f"{owner}-certs", f"{owner}-tls-certs")
        needed = _certificate_needed(owner, always=spec.certificate.always)
        of = "robot's" if spec.certificate.subject else "host"
        yield from _of_certificate(
            owner,
            tuple(suffix for suffix in suffixes if suffix in spec.builders),
            needed,
            f"{of} certificate",
        )
    # In a Secret outside of the stack's namespace.
    yield from _of_certificate(ARGOCD, (), lambda config: argocd_host(config) is not None)


def _of_certificate(
    owner: str, suffixes: tuple[str, ...], needed: Predicate, certificate: str = "host certificate"
) -> Iterator[Field]:
    for part, title in (
        ("certificate", certificate),
        ("key", f"key of the {certificate}"),
        ("chain", f"issuers of the {certificate}"),
    ):
        yield Field(
            path=("certificates", to_camel(owner.replace("-", "_")), part),
            title=f"{title} of {owner}",
            secrets=suffixes,
            needed=never if part == "chain" else needed,
            is_file=True,
        )


def _certificate_needed(owner: str, *, always: Predicate) -> Predicate:
    """A certificate is needed for an exposed host, and for an image that makes none itself."""
    return lambda config: always(config) or f"{owner}-tls-certs" in readers(config)
