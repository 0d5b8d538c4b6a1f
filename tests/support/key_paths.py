"""Every path of a key of a stack file."""

from __future__ import annotations

from panda_infra.reference.keys import sections

__all__ = ["key_paths"]


def key_paths() -> frozenset[str]:
    """Every path of a key, such as ``components.panda.server.volumes.NAME.size``; lists show as ``[]``."""
    found = {path for section in sections() for path in section.paths if path}
    for section in sections():
        found |= {f"{path}.{key.name}".removeprefix(".") for path in section.paths for key in section.keys}
    return frozenset(found)
