"""Templates and ini files, as BigMon's start script and the libraries behind it read them."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping

from tests.support.readers.values import RefusedError

__all__ = ["ini", "substituted"]

_NAME = re.compile(r"\$\{(\w+)\}")


def substituted(where: str, template: str, environment: Mapping[str, str]) -> str:
    """A template with each `${NAME}` replaced by the variable of that name.

    One after the other and wherever the name stands then, so that a value which names a later one is changed too.

    Raises:
        RefusedError: a name is no variable, or a value would be changed.
    """
    text = template
    for name in dict.fromkeys(_NAME.findall(template)):
        if name not in environment:
            raise RefusedError(where, f"keeps ${{{name}}}, which is no variable")
        text = text.replace(f"${{{name}}}", environment[name])
    at_once = _NAME.sub(lambda match: environment[match[1]], template)
    if text != at_once or _NAME.search(text):
        raise RefusedError(where, "has a value in which a name is replaced too")
    return text


def ini(where: str, text: str) -> dict[str, dict[str, str]]:
    """The sections of an ini file, with `%` as the standard library takes it, in ASCII as a web server does.

    Raises:
        RefusedError: it cannot be read, or an option cannot be.
    """
    if not text.isascii():
        raise RefusedError(where, "has a letter outside ASCII")
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
        return {section: dict(parser.items(section)) for section in parser.sections()}
    except configparser.Error as error:
        raise RefusedError(where, f"cannot be read: {type(error).__name__}") from None
