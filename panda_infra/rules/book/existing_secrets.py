"""Rule about Secrets that somebody else provides."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import components_of, product_of_experiment
from panda_infra.products.rule import WHOLE, rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


@rule(WHOLE)
def check(subject: Subject) -> Iterator[Problem]:
    """Each such Secret must be known, and read by the stack."""
    product = product_of_experiment(subject.config.experiment)
    known = [suffix for spec in components_of(product).values() for suffix in spec.builders]
    for suffix, component in subject.existing_secrets.items():
        where = f"components.{component}.settings.existingSecrets"
        if suffix not in known:
            yield Problem(
                where, f"{suffix} is no Secret of {product.title}", f"Name some of {', '.join(known)}."
            )
        elif suffix not in subject.readers:
            yield Problem(where, f"{suffix} is read by nothing in this stack", "Remove it.")
