"""Secret values that a developer's stack gets from its parent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from panda_infra.config.paths import Path, parsed, spelled, within
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.secrets.generate import revealed
from panda_infra.tree import leaves, value_at

__all__ = ["copied"]

_OWN = ("hashKey",)


def copied(parent: StackConfig, keys: Sequence[str], *, stack: str) -> dict[Path, str]:
    """The parent's values of the keys, and of all that is below them, to be encrypted for another stack.

    Args:
        parent: the decrypted configuration of the stack named ``stack``.
        keys: as `secrets audit` names them, e.g. ``auth.idToken`` or ``certificates``.
        stack: the parent's name, for messages.

    Raises:
        PandaInfraError: the parent has no such value, or two stacks must not share it.
    """
    return dict(pair for key in keys for pair in _values(parent.secrets, key, stack))


def _values(secrets: Secrets, key: str, stack: str) -> Iterator[tuple[Path, str]]:
    path = parsed(key)
    if not path:
        raise PandaInfraError(
            f"--secret {key}: this is no key of a secret; `secrets audit {stack}` lists them"
        )
    if any(within(path, (own,)) for own in _OWN):
        raise PandaInfraError(f"--secret {key}: every stack has its own, by which its objects are known")
    found = value_at(revealed(secrets), path, None)
    if found is None:
        raise PandaInfraError(
            f"--secret {spelled(path)}: stack {stack} has no such value; `secrets audit {stack}` lists them"
        )
    yield from leaves(found, path)
