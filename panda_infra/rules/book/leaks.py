"""Secret values stay in Secrets: nothing secret in what becomes chart values, ConfigMaps or labels."""

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

# Shorter ones are words that may stand anywhere.
_SHORTEST = 8
_FIX = "Remove it: a Secret's value belongs under `panda-infra:secrets` alone."


@rule("components", "secrets")
def check(subject: Subject) -> Iterator[Problem]:
    """No secret value outside `secrets`, and no key of free-form values that promises one."""
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
