from pathlib import Path

import pytest

from panda_infra.products.registry import COMPONENTS
from tests.unit.tools.conftest import Workshop
from tools import roots
from tools.errors import ToolsError
from tools.images import IMAGES, NODE, PANDA, POSTGRES_ARCHIVED, PROMETHEUS, Image


@pytest.mark.parametrize("image", IMAGES.values(), ids=lambda image: image.name)
def test_every_package_is_pinned(image: Image) -> None:
    packages = {package.name: package for package in roots.locked(roots.debian_lock(image))}
    assert set(image.debian) <= set(packages)
    assert all(len(package.sha256) == 64 for package in packages.values())
    if image.python:
        lock = roots.python_lock(image).read_text()
        for requirement in (each for each in image.python if "==" in each):
            name, version = requirement.split("==")
            assert f"\n{name.split('[')[0]}=={version} \\" in f"\n{lock}"
        assert not [name for name in image.provided if f"\n{name}==" in lock]


@pytest.mark.parametrize(
    "image",
    [image for image in IMAGES.values() if image not in (NODE, PROMETHEUS, POSTGRES_ARCHIVED)],
    ids=lambda image: image.name,
)
def test_an_image_stands_for_one_of_the_charts(image: Image) -> None:
    known = {
        repository
        for spec in COMPONENTS.values()
        for sub in spec.sub_components
        for repository, _ in (sub.chart_image, sub.default_image)
    }
    assert image.stands_for in known


def test_other_pins_are_another_root(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roots, "LOCKS", tmp_path)
    for lock in (roots.debian_lock(PANDA), roots.python_lock(PANDA)):
        lock.write_text("one 1 hash\n")
    first = roots.folder_of(PANDA)
    assert first.is_relative_to(workshop.cache / "roots" / "panda-server")
    assert roots.folder_of(PANDA) == first
    roots.debian_lock(PANDA).write_text("one 2 hash\n")
    assert roots.folder_of(PANDA) != first


def test_a_broken_lock_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    lock.write_text("one 1 hash\ntwo 2\n")
    with pytest.raises(ToolsError, match=r"x\.lock, line 2: .*lock-images"):
        roots.locked(lock)


def test_without_apt_it_says_so(workshop: Workshop) -> None:
    with pytest.raises(ToolsError, match="apt-get is not on PATH"):
        roots.require_apt()
    assert workshop.bin.exists()


def test_packages_without_a_wheel_are_built_after_the_others() -> None:
    lock = "one==1 \\\n    --hash=sha256:a\n    # via x\nTwo==2 \\\n    --hash=sha256:b\n"
    ready, built = roots._split(lock, ["one"])
    assert ready == "Two==2 \\\n    --hash=sha256:b"
    assert built.startswith("one==1")
    assert "Two" not in built
