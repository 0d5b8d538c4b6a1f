"""Read the end of a credential from its text: certificates and grid proxies in PEM, JSON web tokens, token files.

A text that states no end, such as a password, has none here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

__all__ = ["Validity", "certificates_in", "moment", "span", "validity", "whole"]

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_KEY = re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
# A client with a refresh token renews its other tokens: their ends do not matter.
_TOKENS, _RENEWED = ("access_token", "id_token", "token"), "refresh_token"

# A person needs days to get a new host certificate; credentials of hours are renewed all the time.
_LONGEST_NOTICE, _SHORTEST_NOTICE = timedelta(days=30), timedelta(days=1)
_SHARE_OF_LIFE = 3
_IN_MINUTES, _IN_HOURS = timedelta(hours=2), timedelta(days=3)


@dataclass(frozen=True)
class Validity:
    """The time in which a credential is valid; ``start`` is None if the credential does not state it."""

    end: datetime
    start: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """True if the credential has expired."""
        return self.end <= now

    def ends_soon(self, now: datetime) -> bool:
        """True in the last third of its life, at least one day and at most 30 days before the end."""
        notice = _LONGEST_NOTICE
        if self.start is not None:
            notice = min(notice, max(_SHORTEST_NOTICE, (self.end - self.start) / _SHARE_OF_LIFE))
        return not self.is_over(now) and self.end - now < notice

    def described(self, now: datetime) -> str:
        """The end as words that follow "the credential"."""
        if self.is_over(now):
            return f"expired on {moment(self.end)}, {span(now - self.end)} ago"
        return f"expires in {span(self.end - now)}, on {moment(self.end)}"


def validity(text: str | bytes) -> Validity | None:
    """The time in which a credential is valid; None if its text does not state it.

    A certificate ends with the first of its chain; a grid proxy ends with the certificate of its owner too. A list of
    unrelated authorities has no end.
    """
    whole = text.decode(errors="replace") if isinstance(text, bytes) else text
    found = certificates_in(whole)
    if found:
        return _of_all(_of_certificate(each) for each in _shown(found, has_key=bool(_KEY.search(whole))))
    return _of_token(whole.strip()) or _of_token_file(whole)


def certificates_in(text: str) -> list[x509.Certificate]:
    """The readable certificates of a text in PEM."""
    blocks = (match.group() for match in _CERTIFICATE.finditer(text))
    return [found for block in blocks if (found := _read(block))]


def whole(certificate: x509.Certificate) -> x509.Certificate:
    """Return the certificate after reading all of its parts, which the library reads only on access.

    Raises:
        ValueError: a part cannot be read.
    """
    try:
        certificate.public_key()
        _ = (
            certificate.subject,
            certificate.issuer,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
    except (UnsupportedAlgorithm, OverflowError) as error:
        raise ValueError(type(error).__name__) from None
    return certificate


def moment(when: datetime) -> str:
    """A moment as text."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(duration: timedelta) -> str:
    """A duration as text, rounded down to minutes, hours or days; a negative one counts as zero."""
    if duration < _IN_MINUTES:
        return f"{max(duration // timedelta(minutes=1), 0)} minutes"
    if duration < _IN_HOURS:
        return f"{duration // timedelta(hours=1)} hours"
    return f"{duration.days} days"


def _read(block: str) -> x509.Certificate | None:
    try:
        return whole(x509.load_pem_x509_certificate(block.encode()))
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion, UnsupportedAlgorithm):
        return None


def _shown(found: Sequence[x509.Certificate], *, has_key: bool) -> Sequence[x509.Certificate]:
    """The client's certificate and its chain; empty for a list of unrelated authorities."""
    each = list(dict.fromkeys(found))
    first = [one for one in each if not any(_issued(one, other) for other in each)]
    if len(first) > 1 and not has_key:
        return ()
    chain, next_ones = [], (first or each)[:1]
    while next_ones:
        chain += next_ones
        next_ones = [
            one for one in each if one not in chain and any(_issued(one, child) for child in next_ones)
        ]
    return chain


def _issued(issuer: x509.Certificate, child: x509.Certificate) -> bool:
    return child.issuer == issuer.subject and child.subject != issuer.subject


def _of_certificate(certificate: x509.Certificate) -> Validity:
    return Validity(certificate.not_valid_after_utc, certificate.not_valid_before_utc)


def _of_all(parts: Iterable[Validity | None]) -> Validity | None:
    """The validity of a whole: that of the part which ends first."""
    return min((part for part in parts if part), key=lambda part: part.end, default=None)


def _of_token(text: str) -> Validity | None:
    """The validity of a JSON web token; other tokens do not state it."""
    if not _JWT.fullmatch(text):
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(f"{text.split('.')[1]}=="))
        return Validity(_from_claim(claims["exp"]), _start(claims))
    except (ValueError, LookupError, TypeError, OverflowError, OSError, RecursionError):
        return None


def _start(claims: Mapping[str, Any]) -> datetime | None:
    start = claims.get("iat") or claims.get("nbf")
    return None if start is None else _from_claim(start)


def _from_claim(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _of_token_file(text: str) -> Validity | None:
    """The validity of a JSON file with tokens."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        document: Mapping[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if document.get(_RENEWED):
        return None
    tokens = (document.get(key) for key in _TOKENS)
    return _of_all(_of_token(token.strip()) for token in tokens if isinstance(token, str))
