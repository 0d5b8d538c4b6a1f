"""A bucket as an S3 server answers for it; tests/e2e/test_backup_drill.py has a real one."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from panda_infra.clients.stores import bucket as module
from panda_infra.clients.stores.bucket import Bucket
from panda_infra.clients.stores.signature import Credential
from panda_infra.clients.stores.store import StoreError
from tests.support.serving import serving

_ERROR = "<Error><Code>{}</Code><Message>no</Message></Error>"


class _Server(BaseHTTPRequestHandler):
    """Keeps objects of the bucket `b`; answers of ``refusals`` come first.

    ``completed`` is what becomes of an upload at its end: the answer is heard, unheard, or the upload was forgotten.
    """

    completed = "heard"
    objects: dict[str, bytes]
    parts: dict[str, bytes]
    refusals: list[tuple[int, str]]

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""

    def _answer(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query, keep_blank_values=True)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = address.path.removeprefix("/b").removeprefix("/")
        if self.refusals:
            status, code = self.refusals.pop(0)
            self._send(status, _ERROR.format(code).encode())
        elif self.command == "PUT" and "partNumber" in query:
            self.parts[query["partNumber"][0]] = body
            self._send(200, b"", query["partNumber"][0])
        elif self.command == "PUT":
            self.objects[key] = body
            self._send(200, b"")
        elif self.command == "POST":
            self._upload(key, begins="uploads" in query)
        elif self.command == "DELETE":
            self.objects.pop(key, None)
            self._send(204, b"")
        elif not key:
            self._send(200, self._page(query).encode())
        elif key in self.objects:
            self._send(200, self.objects[key])
        else:
            self._send(404, _ERROR.format("NoSuchKey").encode())

    def _upload(self, key: str, *, begins: bool) -> None:
        if begins:
            self._send(200, b"<R xmlns='http://s3'><UploadId>u1</UploadId></R>")
        elif self.completed == "forgotten":
            self._send(404, _ERROR.format("NoSuchUpload").encode())
        else:
            self.objects[key] = b"".join(self.parts[each] for each in sorted(self.parts))
            if self.completed == "unheard":
                type(self).completed = "forgotten"
            else:
                self._send(200, b"<R/>")

    def _page(self, query: dict[str, list[str]]) -> str:
        names = sorted(each for each in self.objects if each.startswith(query["prefix"][0]))
        start = int(query.get("continuation-token", ["0"])[0])
        more = f"<NextContinuationToken>{start + 2}</NextContinuationToken>" if start + 2 < len(names) else ""
        keys = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in names[start : start + 2])
        return f"<R xmlns='http://s3'>{keys}{more}</R>"

    def _send(self, status: int, content: bytes, tag: str = "") -> None:
        self.send_response(status)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - the base class's names


@pytest.fixture
def server() -> Iterator[tuple[type[_Server], int]]:
    class Server(_Server):
        """Of this test."""

    Server.objects, Server.parts, Server.refusals = {}, {}, []
    with serving(Server) as port:
        yield Server, port


@pytest.fixture
def bucket(server: tuple[type[_Server], int], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    return Bucket(f"http://127.0.0.1:{server[1]}", "b", "folder", Credential("key", "secret", "r"))


def test_there_and_back(server: tuple[type[_Server], int], bucket: Bucket, tmp_path: Path) -> None:
    file = tmp_path / "file"
    server[0].objects["other/x"] = b""
    for number in range(5):
        file.write_text(f"content {number}")
        bucket.put(f"d/{number}", file)
    assert sorted(bucket.names()) == [f"d/{number}" for number in range(5)]
    assert b"".join(bucket.parts("d/3")) == b"content 3"
    bucket.delete("d/3")
    bucket.delete("d/3")
    assert "folder/d/3" not in server[0].objects
    with pytest.raises(StoreError, match="has no folder/d/3"):
        list(bucket.parts("d/3"))


def test_a_large_file_goes_in_parts(
    server: tuple[type[_Server], int], bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PART", 10)
    (tmp_path / "file").write_bytes(b"0123456789" * 3 + b"end")
    bucket.put("large", tmp_path / "file")
    assert server[0].objects["folder/large"] == b"0123456789" * 3 + b"end"
    assert len(server[0].parts) == 4


@pytest.mark.parametrize("made", [True, False])
def test_an_upload_that_is_gone_when_it_is_asked_for_again(
    server: tuple[type[_Server], int],
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: bool,
) -> None:
    """A server that has put the parts together answers when nobody listens any more."""
    monkeypatch.setattr(module, "_PART", 10)
    (tmp_path / "file").write_bytes(b"0123456789" * 3)
    monkeypatch.setattr(server[0], "completed", "unheard" if made else "forgotten")
    if made:
        bucket.put("large", tmp_path / "file")
        assert b"".join(bucket.parts("large")) == b"0123456789" * 3
    else:
        with pytest.raises(StoreError, match="has no folder/large"):
            bucket.put("large", tmp_path / "file")


def test_a_list_that_breaks_off_is_not_an_empty_one(
    server: tuple[type[_Server], int], bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    server[0].objects["folder/d/1"] = b""
    page = server[0]._page
    monkeypatch.setattr(server[0], "_page", lambda self, query: page(self, query)[:-9])
    with pytest.raises(StoreError, match="gives no whole list of folder/"):
        list(bucket.names())


def test_a_busy_server_is_asked_again(
    server: tuple[type[_Server], int], bucket: Bucket, tmp_path: Path
) -> None:
    server[0].refusals += [(503, "SlowDown"), (500, "InternalError")]
    (tmp_path / "file").write_text("x")
    bucket.put("one", tmp_path / "file")
    assert server[0].objects == {"folder/one": b"x"}


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (
            (403, "AccessDenied"),
            "refuses PUT folder/one: 403 AccessDenied no: the credentials secrets.backup need",
        ),
        ((403, "SignatureDoesNotMatch"), "secrets.backup.secretKey is wrong"),
        ((403, "InvalidAccessKeyId"), "secrets.backup.accessKey is not known there"),
        ((404, "InvalidAccessKeyId"), "secrets.backup.accessKey is not known there"),
        ((404, "NoSuchBucket"), "make it first"),
        ((507, ""), "it may be full"),
        ((403, "QuotaExceeded"), "it is full"),
    ],
)
def test_what_is_refused_says_what_to_do(
    server: tuple[type[_Server], int], bucket: Bucket, tmp_path: Path, refusal: tuple[int, str], said: str
) -> None:
    server[0].refusals += [refusal] * 4
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as caught:
        bucket.put("one", tmp_path / "file")
    assert said in str(caught.value)
    assert "secret" not in str(caught.value).replace("secrets.backup", "").replace("secretKey", "")


def test_nothing_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    (tmp_path / "file").write_text("x")
    nowhere = Bucket("http://127.0.0.1:9", "b", "f", Credential("key", "secret", "r"))
    with pytest.raises(
        StoreError, match=r"bucket b of http://127.0.0.1:9 does not answer \(Connection refused\)"
    ):
        nowhere.put("one", tmp_path / "file")
