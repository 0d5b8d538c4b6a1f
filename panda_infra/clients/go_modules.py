"""Fetch files of Go modules from a module proxy, as the Go command would: by the addresses in GOPROXY.

Go's checksum database has one hash for each version of a module, so a mirror is as safe as the original.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

from panda_infra.clients.patience import answered
from panda_infra.errors import PandaInfraError

__all__ = ["file_of_module", "proxies", "read_address"]

_DEFAULT = "https://proxy.golang.org"
_WITHIN = 300.0  # seconds for a whole module of some twenty megabytes
_IDLE = 30.0  # seconds without any byte
_LARGEST = 256 * 1024 * 1024  # bytes, also of the content of a zip


def file_of_module(module: str, version: str, checksum: str, path: str) -> bytes:
    """A file of a module whose hash is ``checksum``, in the form of a go.sum.

    Args:
        module: its path in lower case.
        version: with its leading v.
        checksum: ``h1:`` and base64.
        path: of the file inside the module.

    Raises:
        PandaInfraError: no proxy has the module, it is another one, or the file is missing in it.
    """
    content = _fetched(f"{module}/@v/{version}.zip")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = _hash(archive)
            if found != checksum:
                raise PandaInfraError(f"the module {module} {version} has the hash {found}, not {checksum}")
            return archive.read(f"{module}@{version}/{path}")
    except zipfile.BadZipFile:
        raise PandaInfraError(f"the module {module} {version} is no zip") from None
    except KeyError:
        raise PandaInfraError(f"the module {module} {version} has no file {path}") from None


def proxies() -> list[str]:
    """The addresses in GOPROXY, of the environment or of `go env -w`; ``direct`` and ``off`` are left out.

    Raises:
        PandaInfraError: there is none.
    """
    chosen = os.environ.get("GOPROXY") or _from_go_env() or _DEFAULT
    found = [one.strip().rstrip("/") for one in chosen.replace("|", ",").split(",")]
    addresses = [one for one in found if one.startswith(("https://", "http://", "file://"))]
    if not addresses:
        raise PandaInfraError("GOPROXY names no module proxy")
    return addresses


def read_address(address: str) -> bytes:
    """The content of an address.

    Raises:
        PandaInfraError: it cannot be read in time, or is too large.
    """
    try:
        return answered(lambda: _read(address), within=_WITHIN)
    except TimeoutError:
        raise PandaInfraError(f"{address} gives no whole answer within {_WITHIN:.0f} s") from None
    except urllib.error.HTTPError as error:
        raise PandaInfraError(f"{address} answers {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise PandaInfraError(f"{address} cannot be read: {error.reason}") from None
    except OSError as error:
        raise PandaInfraError(f"{address} cannot be read: {error}") from None


def _fetched(name: str) -> bytes:
    refusals = []
    for proxy in proxies():
        try:
            return read_address(f"{proxy}/{name}")
        except PandaInfraError as error:
            refusals.append(str(error))
    raise PandaInfraError("; ".join(refusals))


def _read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_IDLE) as answer:  # noqa: S310 - the schemes are checked
        content: bytes = answer.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise PandaInfraError(f"{address} is larger than {_LARGEST // 1024 // 1024} MiB")
    return content


def _from_go_env() -> str:
    """The setting in the file of `go env -w`; empty if there is none."""
    folder = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    file = Path(os.environ.get("GOENV") or f"{folder}/go/env").expanduser()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.partition("=")[2].strip() for line in lines if line.startswith("GOPROXY=")), "")


def _hash(archive: zipfile.ZipFile) -> str:
    """Go's own hash of a module: that of the sorted list of its files with their hashes."""
    listed = "".join(sorted(_entries(archive), key=lambda line: line.partition("  ")[2]))
    return f"h1:{base64.b64encode(hashlib.sha256(listed.encode()).digest()).decode()}"


def _entries(archive: zipfile.ZipFile) -> Iterator[str]:
    left = _LARGEST
    for info in archive.infolist():
        left -= info.file_size
        if left < 0:
            raise PandaInfraError("the module's files are larger than a module may be")
        yield f"{hashlib.sha256(archive.read(info)).hexdigest()}  {info.filename}\n"
