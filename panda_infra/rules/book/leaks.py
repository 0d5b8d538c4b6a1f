"""Secret values stay in Secrets: nothing secret in what becomes chart values, ConfigMaps or labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from panda_infra.config.paths import spelled
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.texts import TELLING, texts

__all__ = ["check"]

# Shorter ones are words that may stand anywhere.
_SHORTEST = 8
_FIX = "Remove it: a Secret's value belongs under `panda-infra:secrets` alone."


@rule("components", "secrets")
def check(subject: Subject) -> Iterator[Problem]:
    """No secret value outside `secrets`, and no key of free-form values that promises one."""
    config = subject.config
    secrets = {text for text in _secret_texts(config.secrets.model_dump()) if len(text) >= _SHORTEST}
    secrets.discard(ENCRYPTED)
    plain = config.model_dump(by_alias=True, exclude={"secrets"}, exclude_defaults=True)
    for path, text in texts(plain):
        if any(secret in text for secret in secrets):
            yield Problem(spelled(path), "repeats an encrypted value in plain text", _FIX)
        elif {"values", "extraEnv"} & set(path[2:-1]) and TELLING.fullmatch(str(path[-1])) and text:
            yield Problem(spelled(path), "looks like a secret in plain text", _FIX)


def _secret_texts(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secret_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secret_texts(item)
