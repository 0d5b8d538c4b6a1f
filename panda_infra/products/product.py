"""A product: components that belong together, and the experiments that run them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from panda_infra.config.paths import Path
from panda_infra.errors import Problem
from panda_infra.products.imports import Imports, Upstream
from panda_infra.products.verification import USUAL_REQUIREMENTS, Usual

if TYPE_CHECKING:
    from panda_infra.config.base import Model
    from panda_infra.config.stack import Settings, StackConfig

__all__ = ["Experiment", "Product", "Section"]


@dataclass(frozen=True)
class Experiment:
    """An experiment: ``title`` is its name for people.

    One that is ``at_cern`` may have hosts there; one ``on_test_bed`` runs on no cloud. ``upstream`` are its names in
    upstream's charts, which differ from chart to chart; the first that a chart has values for is used.
    """

    title: str
    at_cern: bool = False
    on_test_bed: bool = False
    upstream: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section of the stack file that a product's components share, and its encrypted values.

    ``about`` and ``secrets_about`` are their descriptions in the stack file's schema. An ``optional`` section has no
    defaults: it is None if the stack file leaves it out. ``imports`` is its part of an import.
    """

    name: str
    about: str
    settings: type[Model]
    secrets: type[Model] | None = None
    secrets_about: str = ""
    optional: bool = False
    imports: Imports = field(default_factory=Imports)


@dataclass(frozen=True)
class Product:
    """A product, without its components, which the registry finds beside it.

    ``reference`` is the prefix of the names of releases, for components without a name of their own. A stack
    belongs to the product of its experiment. ``context`` makes the input of the builders of Secrets, ``derived``
    computes keys of sections that the stack file leaves out, and ``issuer`` the issuer of the stack's tokens, by the
    name that it gives itself. ``warnings`` are about settings of a stack, given by its name, that work only in part.
    ``fixed_globals`` are global values of the charts that no stack may set, each with the reason; ``weighed`` are the
    suffixes of Secrets whose size a rule of the product checks. ``settled`` gives, by section and key, the values in a
    plan that replace those of the stack file, and ``files`` the files of the project that become part of the
    deployment. ``initial`` gives the sections that the file of a new stack of an experiment has with these components,
    the settings of components included, and ``site`` those of the file of a new site, with placeholders for what only
    the site knows; empty if it has no template. A stack on a site is for one of the ``environments``, which
    ``in_environment`` writes into its sections; all stacks are, but those of experiments ``on_test_bed``.
    ``upstream`` is the repository of its charts, and ``imports`` the part of an import that belongs to no section.
    ``alias_endings`` follow the name of a Magnum cluster in LanDB aliases that are made of it.
    ``requirements`` are what `verify` reports on, title by id, and ``usual`` those behind every component's checks.
    ``keeps`` gives, by key of the stack file, the addresses outside of the cluster where a stack keeps what is its own.
    """

    name: str
    title: str
    reference: str
    experiments: Mapping[str, Experiment]
    context: Callable[[StackConfig], Any]
    upstream: Upstream
    sections: tuple[Section, ...] = ()
    derived: Mapping[Path, Callable[[Any], Any]] = field(default_factory=dict)
    issuer: Callable[[Any], str] = lambda _context: ""
    warnings: Callable[[StackConfig, str], Iterable[Problem]] = lambda _config, _stack: ()
    fixed_globals: Mapping[str, str] = field(default_factory=dict)
    weighed: tuple[str, ...] = ()
    settled: Callable[[Settings], Mapping[str, Mapping[str, Any]]] = lambda _config: {}
    files: Callable[[Settings], Iterable[str]] = lambda _config: ()
    imports: Imports = field(default_factory=Imports)
    initial: Callable[[str, Collection[str]], Mapping[str, Any]] = lambda _experiment, _components: {}
    site: Mapping[str, Any] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    in_environment: Callable[[str], Mapping[str, Any]] = lambda _environment: {}
    alias_endings: tuple[str, ...] = ()
    requirements: Mapping[str, str] = field(default_factory=lambda: USUAL_REQUIREMENTS)
    usual: Usual = field(default_factory=Usual)
    keeps: Callable[[Settings], Mapping[str, str]] = lambda _config: {}

    @property
    def secret_prefix(self) -> str:
        """Prefix of the names of its Secrets."""
        return f"{self.reference}-secrets"
