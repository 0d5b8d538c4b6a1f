"""Rule about deployed components and those that they need."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.model_keys import attributes
from panda_infra.config.secrets import Secrets
from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS, PRODUCTS, product_of, product_of_experiment
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components
from panda_infra.secrets.fields import foreign_secrets

__all__ = ["check", "secrets_are_of_one_product", "sections_are_of_one_product"]


@rule("components", "experiment")
def check(subject: Subject) -> Iterator[Problem]:
    """A stack must deploy components of one product, with all that they need and all required parts."""
    config = subject.config
    deployed = config.components.deployed()
    if not deployed and not subject.strangers:
        what = f"stack {subject.stack} deploys nothing"
        yield Problem("components", what, "Name what it deploys, e.g. `components: {msgsvc: {}, panda: {}}`.")
    yield from _strangers(subject)
    for need in dict.fromkeys(need for name in deployed for need in COMPONENTS[name].needs):
        if need not in deployed:
            users = ", ".join(name for name in deployed if need in COMPONENTS[name].needs)
            what = f"is missing, and needed by {users}"
            yield Problem(f"components.{need}", what, f"Add `{need}: {{}}`, or remove {users}.")
    for sub in sub_components(config):
        if sub.runs:
            continue
        where = f"{sub.where}.enabled"
        if not sub.spec.switchable:
            what = f"{sub.name} cannot be switched off: its chart has no switch for it"
            yield Problem(where, what, "Remove this key.")
        elif not sub.may_be_off:
            what = f"{sub.component.name} is of no use without its {sub.spec.name}"
            yield Problem(where, what, f"Remove this key, or {sub.component.name} as a whole.")


@rule("experiment", "secrets")
def secrets_are_of_one_product(subject: Subject) -> Iterator[Problem]:
    """A secret that only another product's components read would look as if it were used."""
    config = subject.config
    own = product_of_experiment(config.experiment)
    for section in sorted(foreign_secrets(own.name)):
        if getattr(config.secrets, attributes(Secrets)[section]).model_fields_set:
            what = f"has no effect: {config.experiment} is an experiment of {own.title}"
            fix = f"Run `pulumi config rm --path panda-infra:secrets.{section} --stack {subject.stack}`."
            yield Problem(f"secrets.{section}", what, fix)


@rule("experiment")
def sections_are_of_one_product(subject: Subject) -> Iterator[Problem]:
    """A section that only another product reads has no effect."""
    config = subject.config
    own = product_of_experiment(config.experiment)
    foreign = [section for product in PRODUCTS.values() if product is not own for section in product.sections]
    for section in foreign:
        if section.name in config.model_fields_set:
            what = f"has no effect: {config.experiment} is an experiment of {own.title}"
            yield Problem(str(type(config).model_fields[section.name].alias), what, "Remove the section.")


def _strangers(subject: Subject) -> Iterator[Problem]:
    """A stack deploys one product: that of its experiment."""
    own = product_of_experiment(subject.config.experiment)
    for name in subject.strangers:
        other = product_of(name)
        what = f"is a component of {other.title}, but {subject.config.experiment} is an experiment of {own.title}"
        fix = f"Remove it, or name an experiment of {other.title}: {', '.join(other.experiments)}."
        yield Problem(f"components.{name}", what, fix)
