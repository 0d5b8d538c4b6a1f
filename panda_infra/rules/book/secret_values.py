"""Rules about secret values, their readers and the settings that they belong to."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.messages import set_secret
from panda_infra.config.paths import spelled
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import Problem
from panda_infra.products.content import LARGEST, UnreadableContentError, reveal
from panda_infra.products.registry import product_of_experiment
from panda_infra.products.rule import WHOLE, rule
from panda_infra.rules.subject import Subject
from panda_infra.secrets.certificate_flaws import certificate_flaws
from panda_infra.secrets.fields import fields, named_values, value_of
from panda_infra.secrets.lifetimes import check_lifetimes
from panda_infra.secrets.usable import check_value

__all__ = ["are_usable", "are_valid", "belong_to_something", "fit_into_secrets"]


@rule(WHOLE)
def are_usable(subject: Subject) -> Iterator[Problem]:
    """Every reader must be able to use the value unchanged."""
    for field in fields(subject.config):
        value = reveal(value_of(subject.config.secrets, field.path))
        if value in ("", ENCRYPTED):
            continue
        fix = f"Set another one: `{set_secret(subject.stack, field.key)}`."
        flaws = check_value(field, value, subject.config, subject.readers, thorough=subject.thorough)
        for what in flaws:
            yield Problem(f"secrets.{field.key}", what, fix)


@rule(WHOLE)
def are_valid(subject: Subject) -> Iterator[Problem]:
    """Certificates must be valid for their hosts, and nothing may have expired."""
    yield from certificate_flaws(subject.config, subject.stack, subject.now, soon=False)
    yield from check_lifetimes(subject.config, subject.stack, subject.now, soon=False)


@rule(WHOLE)
def belong_to_something(subject: Subject) -> Iterator[Problem]:
    """Each secret must belong to a named setting, because a misspelled name would go unnoticed."""
    for path, described, given in named_values(subject.config):
        known = described.names(subject.config)
        for name in given:
            if name not in known:
                what = f"belongs to no entry of {described.where} ({', '.join(known) or 'none'})"
                yield Problem(f"secrets.{spelled((*path, name))}", what, "Correct the name, or remove it.")


@rule(WHOLE)
def fit_into_secrets(subject: Subject) -> Iterator[Problem]:
    """No Secret may exceed Kubernetes' limit."""
    product = product_of_experiment(subject.config.experiment)
    try:
        contents = subject.contents
    except (ValueError, UnreadableContentError):
        return  # another rule reports the file that is not base64, or cannot be read
    for suffix, content in contents.items():
        if content.size > LARGEST and suffix not in product.weighed:
            what = f"has {content.size} bytes, more than the {LARGEST} that Kubernetes takes"
            yield Problem(
                f"Secret {suffix}", what, f"Make its files smaller: {', '.join(sorted(content.data))}."
            )
