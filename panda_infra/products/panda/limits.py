"""Characters of secret values that their readers cannot handle (T7, T39).

A value reaches a pod unchanged. Some readers then put it without quoting into a shell command, a URL or a file with a
syntax of its own. A value that would be changed or cut there is refused with the reason.
"""

from __future__ import annotations

import re

from panda_infra.products.secret_values import Limit

__all__ = [
    "BROKER",
    "CONFIG",
    "FLYWAY",
    "HARVESTER",
    "INI",
    "PYTHON",
    "SED",
    "SERVER",
    "SHELL",
    "SPRING",
    "TOKEN",
    "URL",
    "reads_otherwise",
]

_NO_TEXT = r"\A(\d+|True|False|None)\n?\Z"
# Python inside a web server reads variables and files as ASCII.
_NO_ASCII = r"[^\t\r\n -~]"
CONFIG = Limit(
    re.compile(_NO_TEXT),
    "digits alone, or the word True, False or None",
    "its configuration makes a number or a word of Python of these",
)
SERVER = Limit(
    re.compile(rf"{_NO_TEXT}|{_NO_ASCII}"),
    "a letter outside ASCII, digits alone, or the word True, False or None",
    "its web server knows no other letters, its configuration makes a number or a word of Python of the rest",
)
SED = Limit(
    re.compile(r"[/&\\'\r\n]"),
    "/ & \\ ' or a line break",
    "its first start puts the password into a sed expression and an SQL text",
)
SHELL = Limit(
    re.compile(r"\s"),
    "white space",
    "its start script passes the password to a command without quotes",
)
HARVESTER = Limit(
    re.compile(rf"\s|{_NO_TEXT}|{_NO_ASCII}"),
    "white space, a letter outside ASCII, digits alone, or the word True, False or None",
    "its start script passes the password on without quotes, its configuration takes the others for no such text",
)
URL = Limit(
    re.compile(r"[^A-Za-z0-9._~!*+,;=-]"),
    "anything but letters, digits and - . _ ~ ! * + , ; =",
    "its configuration holds the password inside a URL inside an ini file, where %-encoding is not possible",
)
PYTHON = Limit(
    re.compile(r"[\"'\\\r\n]|\$\{"),
    "quotes, a backslash, ${ or a line break",
    "its start script writes the value between quotes into Python settings",
)
INI = Limit(
    re.compile(rf"[%\r\n]|\$\{{|^\s|\s$|{_NO_ASCII}"),
    "%, ${, a line break, white space at an end, or a letter outside ASCII",
    "the value is written into an ini file, which its web server reads",
)
BROKER = Limit(
    re.compile(r"[^!#&(-\[\]-~]|`"),
    "white space, quotes, a backslash, $, % or a letter outside ASCII",
    "the broker keeps its passwords in a properties file, its clients in JSON and ini files",
)
SPRING = Limit(
    re.compile(r"[$#]\{|[\r\n]"),
    "${, #{ or a line break",
    "Spring takes these for expressions",
)
FLYWAY = Limit(
    re.compile(r"\$\{|[^ -~]"),
    "${ or anything outside printable ASCII",
    "IAM's first start reads it from a file in which ${ is a name, into tables of Latin 1",
)
TOKEN = Limit(
    re.compile(r"[^A-Za-z0-9._~+/=:-]"),
    "anything that no token has",
    "the token is written into JSON files and headers as it is",
)


def reads_otherwise(text: str) -> bool:
    """True if the configuration of PanDA's server or Harvester does not read the value as text."""
    return CONFIG.hits(text)
