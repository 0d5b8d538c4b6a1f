"""The keypair of a Magnum cluster: one that the stack makes, or an existing one.

Nova keeps the comment of a public key: the stack writes the owner of the keypair into it.
"""

from __future__ import annotations

from dataclasses import dataclass

from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import Problem
from panda_infra.plan.ownership import Owner

__all__ = ["MadeKeypair", "is_made_by", "keypair_of"]

_MARK = "panda-infra/owner="


@dataclass(frozen=True)
class MadeKeypair:
    """A keypair that the stack makes: its public key with a comment.

    ``take_up`` is true if a run of this stack made it in Nova and did not record it.
    """

    text: str
    take_up: bool = False


def keypair_of(
    cluster: MagnumCluster, *, owner: Owner, nova: str | None, recorded: str | None
) -> MadeKeypair | Problem | None:
    """The keypair that the stack makes, or the problem; None if the stack only uses one, which then stays.

    Args:
        cluster: names the keypair, and its public key if the stack makes it.
        owner: the stack.
        nova: the public key of that name in Nova.
        recorded: the public key in the engine's state.
    """
    if cluster.public_key is None:
        return None
    wanted = _key(cluster.public_key)
    new = MadeKeypair(f"{cluster.public_key.strip()} {_MARK}{owner}")
    if recorded is not None:
        # A keypair that was recorded without an owner, or with another comment, is the same one.
        return MadeKeypair(recorded) if _key(recorded) == wanted else new
    if nova is None:
        return new
    if _key(nova) != wanted:
        what = f"you have a keypair {cluster.keypair} already, with another key than cluster.publicKey"
        return Problem(
            "cluster.keypair", what, "Choose another name, or remove cluster.publicKey to use that one."
        )
    return MadeKeypair(nova, take_up=True) if is_made_by(nova, owner) else None


def is_made_by(text: str, owner: Owner) -> bool:
    """True if the comment of a public key names the stack as its owner."""
    mark = text.rsplit(maxsplit=1)[-1]
    return mark.startswith(_MARK) and owner.wrote(mark.removeprefix(_MARK))


def _key(text: str) -> tuple[str, ...]:
    """Kind and key without the comment."""
    return tuple(text.split()[:2])
