"""Signatures of requests to an S3 server, version 4, by the standard library."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

__all__ = ["Credential", "digest", "spelled"]

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credential:
    """An access key with its secret, for one region."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str

    def headers(
        self, method: str, host: str, path: str, query: str, content: str, *, now: datetime | None = None
    ) -> dict[str, str]:
        """The headers that sign a request.

        Args:
            method: of HTTP.
            host: with its port, as the request names it.
            path: encoded.
            query: encoded and sorted, as `spelled` makes it.
            content: the SHA-256 of the body, in hexadecimal digits.
            now: the time of the request, by default the present.
        """
        moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        signed = {"host": host, "x-amz-content-sha256": content, "x-amz-date": moment}
        names = ";".join(signed)
        lines = [
            method,
            path,
            query,
            *(f"{name}:{value}" for name, value in signed.items()),
            "",
            names,
            content,
        ]
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        text = "\n".join([_ALGORITHM, moment, scope, digest("\n".join(lines).encode())])
        signature = hmac.new(self._key(moment[:8]), text.encode(), hashlib.sha256).hexdigest()
        words = f"Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**signed, "Authorization": f"{_ALGORITHM} {words}"}

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for word in (day, self.region, "s3", "aws4_request"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        return key


def digest(content: bytes) -> str:
    """The SHA-256 of a content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def spelled(query: Mapping[str, str]) -> str:
    """A query as a signature needs it: encoded, in the order of its keys."""
    return "&".join(
        f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in sorted(query.items())
    )
