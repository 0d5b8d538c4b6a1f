"""Texts that stand for a value instead of being one: ciphertext, templates, and references to other stores."""

from __future__ import annotations

import re

__all__ = ["ciphertext", "unresolved"]

_DECRYPT = "decrypt it first"
# Each tool's mark, wherever it stands: files may be encrypted value by value.
_CIPHERTEXT = {
    re.compile(r"\bENC\[[A-Z0-9_]+,"): f"is encrypted by sops or eyaml: {_DECRYPT}",
    re.compile(r"^\$ANSIBLE_VAULT;", re.MULTILINE): f"is encrypted by ansible-vault: {_DECRYPT}",
    re.compile(r"\A\0GITCRYPT\0"): "is encrypted by git-crypt: decrypt it first, with `git-crypt unlock`",
    re.compile(
        r"\A\s*(-----BEGIN AGE ENCRYPTED FILE-----|age-encryption\.org/)"
    ): f"is encrypted by age: {_DECRYPT}",
    re.compile(r"\A\s*-----BEGIN PGP MESSAGE-----"): f"is encrypted by PGP: {_DECRYPT}",
    re.compile(r"\A(Salted__|U2FsdGVkX1)"): f"is encrypted by openssl: {_DECRYPT}",
    re.compile(r"\Av1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/=]+\Z"): f"is encrypted by Pulumi: {_DECRYPT}",
}
_ELSEWHERE = "decrypt first, and write what it stands for"
_REFERENCE = re.compile(
    r"\s*((secret)?ref\+[a-z0-9]+://|vault:|op://|awssm://|gcpsm?://|azkv://|sm://|arn:aws:(secretsmanager|ssm):|<path:)"
)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\$\{[^{}\s]+\}|<%.*?%>", re.DOTALL)


def ciphertext(text: str) -> str | None:
    """The encryption of a text, in words that complete "the value ..."; None if there is none."""
    return next((words for mark, words in _CIPHERTEXT.items() if mark.search(text)), None)


def unresolved(text: str) -> str | None:
    """The kind of reference that a text is, in words that complete "the value ..."; None if it is a plain value."""
    if words := ciphertext(text):
        return words
    if _REFERENCE.match(text):
        return f"is a reference to a value that another store holds: {_ELSEWHERE}"
    if _TEMPLATE.search(text):
        return f"is a template that nothing fills in: {_ELSEWHERE}"
    return None
