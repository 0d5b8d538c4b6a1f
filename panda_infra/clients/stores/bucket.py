"""Files in a bucket of an S3 server, with the bucket's name in the path, by the standard library."""

from __future__ import annotations

import http.client
import time
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from panda_infra.clients.stores.signature import Credential, digest, spelled
from panda_infra.clients.stores.store import MissingError, StoreError

__all__ = ["Bucket"]

# A server takes at most 10 000 parts of one file.
_PART = 64 << 20
_READ = 1 << 20
_PATIENCE = 60.0
_TRIES = 4
_PAUSE = 1.0
_HEAD = 300
_TRANSIENT = (429, 500, 502, 503, 504)
_ADVICE = {
    "AccessDenied": "the credentials secrets.backup need a right that they do not have",
    "XAdminUserNotFound": "secrets.backup.accessKey is not known there",
    "InvalidAccessKeyId": "secrets.backup.accessKey is not known there",
    "SignatureDoesNotMatch": "secrets.backup.secretKey is wrong",
    "NoSuchBucket": "make it first",
    "QuotaExceeded": "it is full",
    "InsufficientStorage": "it is full",
    "XMinioStorageFull": "it is full",
}
_FULL = "it may be full: look at its server"


class Bucket:
    """A folder of a bucket.

    Args:
        endpoint: address of the server, with http or https.
        name: of the bucket.
        folder: in the bucket, without a slash at either end.
        credential: signs the requests.
    """

    def __init__(self, endpoint: str, name: str, folder: str, credential: Credential) -> None:
        address = urllib.parse.urlsplit(endpoint)
        self._secure, self._host = address.scheme == "https", address.netloc
        self._root = f"{address.path.rstrip('/')}/{name}"
        self._where = f"bucket {name} of {endpoint}"
        self._prefix = f"{folder}/"
        self._credential = credential

    def put(self, name: str, file: Path) -> None:
        """Keep the content of a file: in one request, or in parts of which each is sent again if it fails."""
        with file.open("rb") as source:
            first = source.read(_PART)
            if len(first) < _PART:
                self._answer("PUT", name, body=first)
                return
            started = self._answer("POST", name, {"uploads": ""})
            upload = _text(started, "UploadId")
            try:
                tags: list[str] = []
                part = first
                while part:
                    query = {"partNumber": str(len(tags) + 1), "uploadId": upload}
                    with self._sent("PUT", name, query, part) as answer:
                        tags.append(answer.headers.get("ETag", ""))
                    part = source.read(_PART)
                parts = "".join(
                    f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
                    for number, tag in enumerate(tags, start=1)
                )
                body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
                self._complete(name, upload, body)
            except StoreError:
                self._sent("DELETE", name, {"uploadId": upload}, missing=True).close()
                raise

    def _complete(self, name: str, upload: str, body: bytes) -> None:
        """Make a file of the parts that were sent."""
        try:
            self._answer("POST", name, {"uploadId": upload}, body)
        except MissingError:
            # A server that needs long for this is asked again, and knows the upload no more when it has made the file.
            with suppress(MissingError), self._sent("GET", name):
                return
            raise

    def parts(self, name: str) -> Iterator[bytes]:
        """The content of a kept file, part by part."""
        response = self._sent("GET", name)
        try:
            while part := response.read(_READ):
                yield part
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(f"{self._where} breaks off in {name} ({type(error).__name__})") from None
        finally:
            response.close()

    def names(self) -> Iterator[str]:
        """The names of all kept files."""
        query = {"list-type": "2", "prefix": self._prefix}
        while True:
            page = self._answer("GET", None, query)
            if not _is_whole(page):
                raise StoreError(f"{self._where} gives no whole list of {self._prefix}")
            for key in _texts(page, "Key"):
                yield key.removeprefix(self._prefix)
            token = _text(page, "NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token

    def delete(self, name: str) -> None:
        """Forget a kept file."""
        self._sent("DELETE", name, missing=True).close()

    def _answer(
        self, method: str, name: str | None, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> bytes:
        with self._sent(method, name, query, body) as response:
            try:
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise StoreError(f"{self._where} breaks off ({type(error).__name__})") from None
        # Some operations answer 200 before they fail.
        if b"<Error>" in content[:_HEAD]:
            raise self._refused(method, name, HTTPStatus.INTERNAL_SERVER_ERROR, content)
        return content

    def _sent(
        self,
        method: str,
        name: str | None,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        missing: bool = False,
    ) -> http.client.HTTPResponse:
        """The answer to a request, to read; a server that is busy or does not answer is asked again."""
        path = f"{self._root}/{self._prefix}{name}" if name is not None else self._root
        target = urllib.parse.quote(path, safe="/-_.~")
        words = spelled(query or {})
        for attempt in range(1, _TRIES + 1):
            headers = self._credential.headers(method, self._host, target, words, digest(body))
            try:
                response = self._exchanged(method, f"{target}?{words}" if words else target, body, headers)
            except (OSError, http.client.HTTPException) as error:
                if attempt == _TRIES:
                    reason = getattr(error, "strerror", None) or type(error).__name__
                    raise StoreError(f"{self._where} does not answer ({reason})") from None
            else:
                gone = missing and response.status == HTTPStatus.NOT_FOUND
                if response.status < HTTPStatus.MULTIPLE_CHOICES or gone:
                    return response
                if response.status not in _TRANSIENT or attempt == _TRIES:
                    raise self._refused(method, name, response.status, response.read())
                response.close()
            time.sleep(_PAUSE * 2 ** (attempt - 1))
        raise AssertionError  # the last attempt returns or raises

    def _exchanged(
        self, method: str, target: str, body: bytes, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, timeout=_PATIENCE)
        more = {"Content-Length": str(len(body)), "Connection": "close"}
        connection.request(method, target, body or None, {**headers, **more})
        return connection.getresponse()

    def _refused(self, method: str, name: str | None, status: int, content: bytes) -> StoreError:
        code = _text(content, "Code")
        # Some servers answer 404 for an unknown key or bucket too.
        if status == HTTPStatus.NOT_FOUND and name is not None and code in ("", "NoSuchKey", "NoSuchUpload"):
            return MissingError(f"{self._where} has no {self._prefix}{name}")
        what = f"{method} {self._prefix}{name}" if name is not None else f"to list {self._prefix}"
        words = " ".join(filter(None, [str(status), code, _text(content, "Message").rstrip(".")]))
        advice = _ADVICE.get(code) or (_FULL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "")
        return StoreError(f"{self._where} refuses {what}: {words}" + (f": {advice}" if advice else ""))


def _is_whole(content: bytes) -> bool:
    try:
        ET.fromstring(content)  # noqa: S314 - of the site's own server
    except ET.ParseError:
        return False
    return True


def _texts(content: bytes, tag: str) -> list[str]:
    """The texts of all elements with a tag, in whatever namespace."""
    try:
        document = ET.fromstring(content)  # noqa: S314 - of the site's own server
    except ET.ParseError:
        return []
    return [each.text or "" for each in document.iter() if each.tag.rpartition("}")[2] == tag]


def _text(content: bytes, tag: str) -> str:
    return next(iter(_texts(content, tag)), "")
