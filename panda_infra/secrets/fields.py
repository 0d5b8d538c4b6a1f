"""The secret values of a stack: their purpose, the Secrets that contain them, and those that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, SecretStr
from pydantic.alias_generators import to_camel

from panda_infra.config.messages import set_secret
from panda_infra.config.model_keys import attributes
from panda_infra.config.paths import Path, spelled
from panda_infra.config.secrets import Files, Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.plan.argocd import argocd_host
from panda_infra.plan.consumers import Reader, filled_elsewhere, readers
from panda_infra.products.model import ComponentSpec, FileGroup, Predicate
from panda_infra.products.product import Product
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of, product_of_experiment
from panda_infra.products.secret_values import Contained, NamedSecretValues, SecretValue, never
from panda_infra.secrets.certified_hosts import ARGOCD

__all__ = [
    "Field",
    "Readers",
    "fields",
    "file_field",
    "foreign_secrets",
    "missing",
    "missing_problems",
    "named_values",
    "required",
    "value_of",
]

Readers = Mapping[str, tuple[Reader, ...]]


@dataclass(frozen=True, kw_only=True)
class Field(SecretValue):
    """A secret value at its ``path`` below ``secrets`` of the stack file."""

    path: Path

    @property
    def key(self) -> str:
        """The path as on the command line, e.g. ``panda.databasePassword``."""
        return spelled(self.path)

    def reaches(self, config: StackConfig, known: Readers | None = None) -> dict[str, tuple[Reader, ...]]:
        """The Secrets of this stack that hold the value, with their readers.

        ``known`` are all readers of the stack, for those who ask for many values.
        """
        read = readers(config) if known is None else known
        return {
            suffix: read[suffix]
            for suffix in self.secrets
            if suffix in read and not self._replaced(config, suffix)
        }

    def is_required(self, config: StackConfig, known: Readers | None = None) -> bool:
        """True if the stack needs the value; one that is only for Secrets provided by somebody else is not needed."""
        own = self.reaches(config, known).keys() - filled_elsewhere(config)
        return bool(own or not self.secrets) and self.needed(config)

    def _replaced(self, config: StackConfig, suffix: str) -> bool:
        return suffix in self.replaced and value_of(config.secrets, self.replaced[suffix]) is not None


def value_of(secrets: Secrets, path: Path) -> SecretStr | None:
    """The value at a path below ``secrets``; None if it is not set or empty."""
    found = _at(secrets, path)
    return found if isinstance(found, SecretStr) and found.get_secret_value() else None


def _names_at(secrets: Secrets, path: Path) -> tuple[str, ...]:
    """The names of the values in the mapping at a path below ``secrets``."""
    found = _at(secrets, path)
    return tuple(map(str, found)) if isinstance(found, Mapping) else ()


def _at(secrets: Secrets, path: Path) -> object:
    here: object = secrets
    for part in path:
        if isinstance(here, BaseModel):
            here = getattr(here, attributes(type(here))[str(part)])
        elif isinstance(here, Mapping):
            here = here.get(part)
    return here


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
    foreign = foreign_secrets(product.name)
    for path, item in _all_descriptions():
        if path[0] in foreign:
            continue
        uses = _uses(product.name).get(path, ())
        if isinstance(item, SecretValue):
            yield _field(item, path, uses)
        else:
            yield from (_field(item.value(name), (*path, name), uses) for name in item.names(config))


@cache
def foreign_secrets(product: str) -> frozenset[str]:
    """The sections of secrets that other products have."""
    others = [other for name, other in PRODUCTS.items() if name != product]
    sections = {to_camel(each.name) for other in others for each in other.sections if each.secrets}
    specs = (spec for other in others for spec in components_of(other).values())
    return frozenset(sections | {to_camel(spec.attribute) for spec in specs if spec.secrets})


def named_values(config: StackConfig) -> Iterator[tuple[Path, NamedSecretValues, tuple[str, ...]]]:
    """The mappings of names to secret values: path, description, and the names that are given."""
    for path, item in _all_descriptions():
        if isinstance(item, NamedSecretValues):
            yield path, item, _names_at(config.secrets, path)


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


@cache
def _uses(product: str) -> Mapping[Path, tuple[Contained, ...]]:
    """The uses that the components of a product make of values that others describe, by their paths."""
    found: dict[Path, tuple[Contained, ...]] = {}
    for spec in components_of(PRODUCTS[product]).values():
        for path, use in spec.contains.items():
            found[path] = (*found.get(path, ()), use)
    return found


def _field(value: SecretValue, path: Path, uses: Iterable[Contained]) -> Field:
    secrets, limits, replaced = value.secrets, dict(value.limits), dict(value.replaced)
    for use in uses:
        secrets += use.secrets
        limits |= use.limits
        replaced |= dict.fromkeys(use.secrets, use.replaced_by) if use.replaced_by else {}
    given = {**vars(value), "secrets": secrets, "limits": limits, "replaced": replaced}
    return Field(path=path, **given)


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
