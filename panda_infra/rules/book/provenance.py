"""Rule about records of deployments: they can be recognised by the keys of the stack file."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["keys_can_be_used"]


@rule("provenance")
def keys_can_be_used(subject: Subject) -> Iterator[Problem]:
    """No record could be verified by a key of another kind."""
    section = subject.config.provenance
    if section is None:
        return
    from panda_infra.provenance.keys import KeyFlawError, public_keys  # noqa: PLC0415 - slow, and only for this section

    try:
        public_keys(section.public_key)
    except KeyFlawError as flaw:
        fix = "Write the public key as PEM that `openssl pkey -in signing.key -pubout` prints."
        yield Problem("provenance.publicKey", str(flaw), fix)
