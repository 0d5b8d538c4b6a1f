"""Asks for values that only the site knows; every answer may be empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from panda_infra.cli.output import warn
from panda_infra.cli.secret_values.advice import can_be_made
from panda_infra.cli.secret_values.reading import checked, host_certificate, read_value
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.secrets.fields import Field, missing

__all__ = ["asked"]

_LATER = "(empty: later)"


def asked(config: StackConfig) -> dict[KeyPath, str]:
    """Values for the missing secrets that cannot be generated; after a wrong answer the question is repeated."""
    left = [field for field in missing(config) if not can_be_made(field, config)]
    found: dict[KeyPath, str] = {}
    for owner in dict.fromkeys(str(field.path[1]) for field in left if field.path[0] == "certificates"):
        found |= _answer(
            f"PKCS#12 file with the host certificate of {owner}",
            lambda text, owner=owner: host_certificate(owner, Path(text).expanduser()),  # type: ignore[misc]
        )
    for field in left:
        if field.path[0] != "certificates":
            question = (
                f"File: {field.title}" if field.is_file else f"{field.title[:1].upper()}{field.title[1:]}"
            )
            found |= _answer(question, _reader(field, config), hidden=not field.is_file)
    return found


def _reader(field: Field, config: StackConfig) -> Callable[[str], Mapping[KeyPath, str]]:
    def read(text: str) -> Mapping[KeyPath, str]:
        value = read_value(field, Path(text).expanduser()) if field.is_file else text
        return {field.path: checked(field, value, config)}

    return read


def _answer(
    question: str, read: Callable[[str], Mapping[KeyPath, str]], *, hidden: bool = False
) -> Mapping[KeyPath, str]:
    while True:
        text = typer.prompt(
            f"{question} {_LATER}", default="", show_default=False, hide_input=hidden, err=True
        )
        if not text:
            return {}
        try:
            return read(text)
        except PandaInfraError as error:
            warn(str(error))
