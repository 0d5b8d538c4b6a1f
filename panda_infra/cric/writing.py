"""Writes several files, all or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from panda_infra.errors import PandaInfraError

__all__ = ["write_all"]


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, made if it is missing, each atomically: readers never see half a file.

    If one of them cannot be written, all stay as they were.

    Raises:
        PandaInfraError: they cannot be written.
    """
    written: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            # Write the target of a link, not the link.
            file = (folder / name).resolve()
            beside = file.with_name(f".{file.name}.new")
            written[file] = beside
            with beside.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        _replace(written)
    except OSError as error:
        raise PandaInfraError(f"{folder} cannot be written: {error.strerror}; nothing was changed") from None
    finally:
        for beside in written.values():
            with suppress(OSError):
                beside.unlink()


def _replace(written: Mapping[Path, Path]) -> None:
    before = {file: file.read_bytes() if file.exists() else None for file in written}
    try:
        for file, beside in written.items():
            beside.replace(file)
    except BaseException:
        for file, content in before.items():
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.write_bytes(content)
        raise
