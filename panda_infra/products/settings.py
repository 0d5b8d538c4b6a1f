"""Types that the settings of several components share: databases, addresses, words."""

from typing import Annotated, Literal

from pydantic import Field

from panda_infra.config.base import PORT, Form, Model

__all__ = [
    "Address",
    "Backend",
    "ComponentSettings",
    "Host",
    "Identifier",
    "Port",
    "SecretSuffix",
    "SpringText",
    "Url",
    "Word",
]

# `%`, quotes and backslashes have a meaning in the ini and JSON files that these texts are written to.
_IN_URL = r"[^\s\"'\\%@<>{}|^`]"
_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"

Url = Annotated[
    str,
    Form(
        rf"https?://{_NAME}(:{PORT})?(/{_IN_URL}*)?",
        "a URL that starts with http:// or https:// and holds no credentials, quotes, spaces or %",
        "https://panda-iam-doma.cern.ch",
    ),
]
Host = Annotated[
    str,
    Form(_NAME, "a host name, an address, or a database's TNS alias", "db-panda.cern.ch", longest=253),
]
Address = Annotated[
    str,
    Form(
        rf"{_NAME}(:{PORT})?",
        "a host name with an optional port and no scheme",
        "rucio.cern.ch:443",
        longest=260,
    ),
]
Identifier = Annotated[
    str,
    Form(
        r"[A-Za-z_][A-Za-z0-9_$#-]*",
        "a name of letters, digits, dashes and underscores that starts with a letter",
        "panda_db",
        longest=63,
    ),
]
Word = Annotated[
    str,
    Form(
        r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?",
        "letters, digits, dots, dashes and underscores with a letter or digit at both ends",
        "panda_dev",
        longest=128,
    ),
]
SecretSuffix = Annotated[
    str, Form(r"[a-z]+(-[a-z]+)+", "the name of a Secret without its prefix", "panda-tls-certs", longest=63)
]
# Spring evaluates `${` and `#{` as expressions in any text.
SpringText = Annotated[
    str,
    Form(r"([^$#\r\n]|[$#](?!\{))+", "a text of one line without ${ and #{", "PanDA"),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Backend = Literal["postgres", "oracle"]


class ComponentSettings(Model):
    """Settings that every component has."""

    existing_secrets: tuple[SecretSuffix, ...] = ()
    """Secrets of this component that somebody else puts into the namespace, whole and under the name that the
    charts expect; this stack then makes none of that name and its pods do not follow its changes."""
