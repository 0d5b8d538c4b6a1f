"""Rule about secret values outside of Secrets: in chart values, ConfigMaps or labels."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr

from panda_infra.config.paths import spelled
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.texts import TELLING
from panda_infra.tree import leaves, texts

__all__ = ["check"]

# Shorter texts may be ordinary words.
_SHORTEST = 8
_FIX = "Remove it: a Secret's value belongs under `panda-infra:secrets` alone."


@rule("components", "secrets")
def check(subject: Subject) -> Iterator[Problem]:
    """Secret values are allowed only in `secrets`, and free-form values may have no key that looks like a secret."""
    config = subject.config
    values = leaves(config.secrets.model_dump())
    secrets = {leaf.get_secret_value() for _, leaf in values if isinstance(leaf, SecretStr)} - {ENCRYPTED}
    secrets = {text for text in secrets if len(text) >= _SHORTEST}
    plain = config.model_dump(by_alias=True, exclude={"secrets"}, exclude_defaults=True)
    for path, text in texts(plain):
        if any(secret in text for secret in secrets):
            yield Problem(spelled(path), "repeats an encrypted value in plain text", _FIX)
        elif {"values", "extraEnv"} & set(path[2:-1]) and TELLING.fullmatch(str(path[-1])) and text:
            yield Problem(spelled(path), "looks like a secret in plain text", _FIX)
