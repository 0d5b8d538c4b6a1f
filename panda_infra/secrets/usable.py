"""Checks that readers can use a value as it is.

No message contains a value or a part of one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr

from panda_infra.config.stack import StackConfig
from panda_infra.config.unresolved import ciphertext, unresolved
from panda_infra.products.content import BINARY, file_bytes
from panda_infra.products.secret_values import LARGEST_ENV
from panda_infra.secrets.fields import Field, Readers

__all__ = ["check_value"]


def check_value(
    field: Field, value: str, config: StackConfig, known: Readers | None = None, *, thorough: bool = True
) -> Iterator[str]:
    """The flaws of a value for this field, in words that complete "the value ..."; the proof only if ``thorough``.

    ``known`` are all readers of the stack, for those who check many values.
    """
    if flaw := field.flaw(value) or (field.proof(value) if thorough else None):
        yield flaw
    if words := ciphertext(value) if field.is_file else unresolved(value):
        yield words
        return
    if field.is_file:
        if value.startswith(BINARY) and not _decodes(value):
            yield f"starts with {BINARY} but holds no base64 after it"
        return
    if "\0" in value:
        yield "holds a NUL character, which no environment variable can"
    if len(value.encode()) > LARGEST_ENV:
        yield f"is longer than {LARGEST_ENV} bytes, the most that fits into an environment variable"
    for reader in dict.fromkeys(
        str(each) for found in field.reaches(config, known).values() for each in found
    ):
        limit = field.limits.get(reader)
        if limit and limit.hits(value):
            yield f"holds {limit.words}, which {reader} cannot take: {limit.because}"


def _decodes(value: str) -> bool:
    try:
        file_bytes(SecretStr(value))
    except ValueError:
        return False
    return True
