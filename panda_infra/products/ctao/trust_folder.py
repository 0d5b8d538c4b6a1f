"""The names of authorities in a folder as OpenSSL reads it: by a hash of the subject, such as ``5ed36f99.0``.

The hash is SHA-1 over the canonical form of the name: each value as UTF-8, in lower case, without blanks around it and
with one blank for several (OpenSSL, ``x509_name_canon``).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from cryptography import x509

__all__ = ["hashed_names", "subject_hash"]

_SEQUENCE, _SET, _OID, _UTF8 = 0x30, 0x31, 0x06, 0x0C
# The bit of a length that takes more than one byte, and of a byte of a number that goes on.
_MORE = 0x80


def hashed_names(authorities: Iterable[str]) -> Iterator[str]:
    """The name of the file of each authority, given as PEM; those with one subject are numbered."""
    seen: Counter[str] = Counter()
    for text in authorities:
        digest = subject_hash(x509.load_pem_x509_certificate(text.encode()))
        yield f"{digest}.{seen[digest]}"
        seen[digest] += 1


def subject_hash(certificate: x509.Certificate) -> str:
    """The hash of the subject, as ``openssl x509 -subject_hash`` prints it."""
    canonical = b"".join(_element(_SET, _relative(part)) for part in certificate.subject.rdns)
    # OpenSSL reads the first four bytes as a little-endian number.
    return hashlib.sha1(canonical, usedforsecurity=False).digest()[3::-1].hex()


def _relative(part: x509.RelativeDistinguishedName) -> bytes:
    """The attributes of a part of a name, in the order of a DER set."""
    return b"".join(sorted(map(_attribute, part)))


def _attribute(attribute: x509.NameAttribute[str | bytes]) -> bytes:
    value = attribute.value
    text = value if isinstance(value, bytes) else _folded(value).encode()
    return _element(_SEQUENCE, _element(_OID, _oid(attribute.oid.dotted_string)) + _element(_UTF8, text))


def _folded(text: str) -> str:
    """In lower case for ASCII alone, as OpenSSL does it, with single blanks."""
    lower = "".join(char.lower() if char.isascii() else char for char in text)
    return " ".join(filter(None, lower.translate(dict.fromkeys(map(ord, "\t\n\v\f\r"), " ")).split(" ")))


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _MORE:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _MORE | len(length)]) + length + content


def _oid(dotted: str) -> bytes:
    first, second, *others = map(int, dotted.split("."))
    return b"".join(map(_base_128, (40 * first + second, *others)))


def _base_128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(_MORE | number & 0x7F)
    return bytes(reversed(digits))
