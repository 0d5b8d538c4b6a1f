"""A file of a Go module is what everybody else gets, whichever proxy has sent it."""

from __future__ import annotations

import hashlib
import zipfile
from base64 import b64encode
from pathlib import Path

import pytest

from panda_infra.clients.go_modules import file_of_module, proxies
from panda_infra.errors import PandaInfraError

_MODULE, _VERSION = "example.org/tool", "v1.2.3"


def published(folder: Path, files: dict[str, bytes]) -> str:
    """Put a module into a folder as a proxy has it; returns its hash, as Go defines it."""
    target = folder / _MODULE / "@v" / f"{_VERSION}.zip"
    target.parent.mkdir(parents=True)
    lines = {}
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            inside = f"{_MODULE}@{_VERSION}/{name}"
            archive.writestr(inside, content)
            lines[inside] = f"{hashlib.sha256(content).hexdigest()}  {inside}\n"
    whole = "".join(lines[name] for name in sorted(lines))
    return f"h1:{b64encode(hashlib.sha256(whole.encode()).digest()).decode()}"


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "proxy"
    monkeypatch.setenv("GOPROXY", f"file://{tmp_path}/none,file://{folder},direct")
    return folder


def test_the_file_is_read_from_the_first_proxy_that_has_the_module(proxy: Path) -> None:
    checksum = published(proxy, {"b.yaml": b"b", "a/c.yaml": b"c"})
    assert file_of_module(_MODULE, _VERSION, checksum, "a/c.yaml") == b"c"


def test_another_content_is_refused(proxy: Path) -> None:
    published(proxy, {"a.yaml": b"a"})
    with pytest.raises(PandaInfraError, match=r"has the hash h1:.*, not h1:AAAA"):
        file_of_module(_MODULE, _VERSION, "h1:AAAA", "a.yaml")


def test_a_missing_file_is_reported(proxy: Path) -> None:
    checksum = published(proxy, {"a.yaml": b"a"})
    with pytest.raises(PandaInfraError, match=r"has no file b\.yaml"):
        file_of_module(_MODULE, _VERSION, checksum, "b.yaml")


def test_what_is_no_zip_is_reported(proxy: Path) -> None:
    target = proxy / _MODULE / "@v" / f"{_VERSION}.zip"
    target.parent.mkdir(parents=True)
    target.write_text("<html>please log in</html>")
    with pytest.raises(PandaInfraError, match="is no zip"):
        file_of_module(_MODULE, _VERSION, "h1:AAAA", "a.yaml")


@pytest.mark.usefixtures("proxy")
def test_no_answer_names_every_address() -> None:
    with pytest.raises(PandaInfraError, match=r"none/.*; .*proxy/example"):
        file_of_module(_MODULE, _VERSION, "h1:AAAA", "a.yaml")


def test_the_setting_of_the_go_command_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    file.write_text("GOFLAGS=-v\nGOPROXY=https://mirror.example.org/,direct\n")
    monkeypatch.delenv("GOPROXY", raising=False)
    monkeypatch.setenv("GOENV", str(file))
    assert proxies() == ["https://mirror.example.org"]
    monkeypatch.setenv("GOPROXY", "https://a.example.org|https://b.example.org")
    assert proxies() == ["https://a.example.org", "https://b.example.org"]
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(PandaInfraError, match="no module proxy"):
        proxies()
