"""Parses keys that a person types, and finds their lines in a stack file."""

from __future__ import annotations

import re

from pydantic import BaseModel

from panda_infra.config import yaml_nodes
from panda_infra.config.messages import nearest
from panda_infra.config.paths import Path, parsed, spelled
from panda_infra.config.secrets import Secrets
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError

__all__ = ["UnknownKeyError", "line_in_site", "line_of", "parse", "secret_key"]


class UnknownKeyError(PandaInfraError):
    """A key that cannot be read or does not exist."""


def parse(text: str) -> Path:
    """A key in the spelling of error messages and `pulumi config`, e.g. ``secrets.files.panda["a.pem"]``.

    Raises:
        UnknownKeyError: the text is not a key.
    """
    path = parsed(text.removeprefix(f"{NAMESPACE}:"))
    if path is None:
        raise UnknownKeyError(
            f'{text!r} is no key: write e.g. `components.panda.server` or `files.panda["a.pem"]`'
        )
    if not path:
        raise UnknownKeyError("an empty key: write e.g. `components.panda.server.replicas`")
    return path


def secret_key(text: str) -> Path:
    """The path below ``secrets`` of one encrypted value; names of files and VOs may contain dots without quotes.

    Raises:
        UnknownKeyError: there is no such secret.
    """
    plain = text.removeprefix(f"{NAMESPACE}:").removeprefix("secrets.")
    model: type[BaseModel] = Secrets
    path: list[str] = []
    rest = plain
    while True:
        fields = {str(info.alias): info for info in model.model_fields.values()}
        name = re.split(r"[.\[]", rest, maxsplit=1)[0]
        if name not in fields:
            raise _unknown(text, path, name, list(fields))
        path.append(name)
        rest = rest[len(name) :]
        annotation = fields[name].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if not rest.startswith("."):
                known = ", ".join(str(info.alias) for info in annotation.model_fields.values())
                raise UnknownKeyError(f"{text} is no single secret; those below it: {known}")
            model, rest = annotation, rest[1:]
            continue
        if getattr(annotation, "__origin__", None) is dict:
            named = parse(f"_{rest}")[1:] if rest.startswith("[") else (rest[1:],)
            if len(named) != 1 or not named[0]:
                raise UnknownKeyError(f"{text} needs a name behind it, e.g. `{'.'.join(path)}.NAME`")
            return (*path, str(named[0]))
        if rest:
            raise UnknownKeyError(f"{text}: nothing lies below {'.'.join(path)}, which is one secret")
        return tuple(path)


def line_of(text: str, path: Path) -> int | None:
    """The line of a key in a stack file; None if the key is not there."""
    first, *others = path
    return line_in_site(text, ("config", f"{NAMESPACE}:{first}", *others))


def line_in_site(text: str, path: Path) -> int | None:
    """The line of a key in a site file, whose sections are at the top level."""
    found = yaml_nodes.entries(yaml_nodes.compose(text))
    return next((entry.line for entry in found if entry.path == path), None)


def _unknown(text: str, path: list[str], name: str, known: list[str]) -> UnknownKeyError:
    near = nearest(name, known)
    meant = f"; did you mean `{spelled((*path, near))}`?" if near else ""
    return UnknownKeyError(f"{text}: there is no such secret{meant}\n  Known here: {', '.join(known)}.")
