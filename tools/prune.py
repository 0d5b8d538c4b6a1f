"""Removes files from the cache that no pin of this checkout uses any more."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tools import REPOSITORY, build, cache, roots, venv
from tools.cache import Report
from tools.engine import own_home
from tools.images import IMAGES
from tools.parts import LANGUAGE_PYTHON, PARTS, PULUMI


def prune(report: Report) -> None:
    """Remove every build, virtualenv and image except the present ones, and report each.

    Another checkout with other pins must build its own again; running programs continue.
    """
    go = build.find_go()
    present = {part.name: build.folder_of(part, go) for part in PARTS.values()}
    engine = f"{present[PULUMI.name].name}-{present[LANGUAGE_PYTHON.name].name}"
    locks = [*REPOSITORY.glob("requirements*.lock"), *REPOSITORY.glob("testbed/requirements*.lock")]
    kinds = (cache.root() / "venvs").glob("*")
    virtualenvs = {venv.folder_of(lock, kind.name) for kind in kinds for lock in locks}
    images = [roots.folder_of(image) for image in IMAGES.values()]
    layers = {roots.layer_of(root) for root in images}
    keep = {
        *present.values(),
        *images,
        *layers,
        cache.root() / "engine" / engine,
        venv.LINK.resolve(),
        *virtualenvs,
    }
    for parent in _parents(cache.root()):
        with cache.locked(parent / ".lock"):
            for folder in sorted(parent.iterdir()):
                if folder.is_dir() and folder not in keep:
                    shutil.rmtree(folder)
                    report(f"removed {folder}")
    for folder in sorted(own_home().glob("plugins/*")):
        if not any(file.exists() for file in folder.iterdir()):  # a link to a build that is gone
            shutil.rmtree(folder)
            report(f"removed {folder}")


def _parents(root: Path) -> Iterator[Path]:
    """The folders that contain one folder per stamp."""
    yield from (
        folder
        for group in ("tools", "venvs", "roots", "layers")
        for folder in sorted((root / group).glob("*"))
    )
    if (root / "engine").exists():
        yield root / "engine"
