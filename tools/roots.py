"""Root file systems of images: pinned Debian and Python packages, unpacked once into the cache.

PanDA's images are not in every registry, but their software is in Debian and on PyPI. The packages are only unpacked:
an image does the set-up of maintainer scripts (services, databases, alternatives) itself. `python -m tools lock-images`
updates the pins.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import REPOSITORY, cache
from tools.build import LINES_OF_FAILURE
from tools.errors import ToolsError
from tools.images import IMAGES, PYTHON, RELEASE, Image

LOCKS = REPOSITORY / "tools" / "locks"

# Debian's packages need links from /bin, /lib and /sbin into /usr, which no package contains.
_MERGED = ("bin", "lib", "lib64", "sbin")
# This machine's files for access to the package index: pip needs them, and runs inside the new root.
_FOR_PIP = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl", "/etc/pip.conf", "/dev", "/proc")
# The version of the recipe below; another number makes every root again.
_RECIPE = "1"


@dataclass(frozen=True)
class Package:
    """A pinned Debian package: exact version, and the SHA-256 of its archive."""

    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} {self.sha256}"


def debian_lock(image: Image) -> Path:
    """The file with an image's Debian packages, one a line."""
    return LOCKS / f"{image.name}.debian.lock"


def python_lock(image: Image) -> Path:
    """The file with an image's Python packages, in pip's format."""
    return LOCKS / f"{image.name}.python.lock"


def locked(file: Path) -> list[Package]:
    """The packages of a lock, in the order of unpacking.

    Raises:
        ToolsError: A line does not contain name, version and hash.
    """
    found = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        fields = line.split()
        if len(fields) != len(("name", "version", "sha256")):
            raise ToolsError(
                f"{file}, line {number}: `name version sha256` is expected: run `python -m tools lock-images`"
            )
        found.append(Package(*fields))
    return found


def folder_of(image: Image) -> Path:
    """The folder for the image's root, made or not; its name is a hash of the pins."""
    digest = hashlib.sha256(f"{_RECIPE} {image!r}".encode())
    locks = [debian_lock(image), *([python_lock(image)] if image.python else [])]
    for lock in locks:
        digest.update(lock.read_bytes())
    return cache.root() / "roots" / image.name / digest.hexdigest()[:16]


def layer_of(root: Path) -> Path:
    """The folder for a root that is packed as the layer of an image, made or not."""
    return cache.root() / "layers" / root.parent.name / root.name


def ensure(image: Image, report: cache.Report) -> Path:
    """The root of an image, made if it is missing.

    Raises:
        ToolsError: This machine has no apt for the release, or a package is not available.
    """

    def make(folder: Path) -> None:
        report(f"image {image.name}: unpacking {len(locked(debian_lock(image)))} Debian packages")
        begin = time.monotonic()
        _unpack(locked(debian_lock(image)), folder)
        _settle(image, folder)
        if image.python:
            report(f"image {image.name}: installing {python_lock(image).name}")
            _install(image, folder)
        report(f"image {image.name}: made in {time.monotonic() - begin:.0f} s")

    require_apt()
    folder = folder_of(image)
    cache.publish(folder, make, lambda: report(f"image {image.name}: waiting for another run"))
    return folder


def require_apt() -> None:
    """Make sure that this machine's apt offers the pinned release.

    Raises:
        ToolsError: It does not.
    """
    if not shutil.which("apt-get"):
        raise ToolsError(f"apt-get is not on PATH: images are made of Debian {RELEASE}'s packages")
    if f"n={RELEASE}," not in _run("apt-cache policy", "apt-cache", "policy"):
        raise ToolsError(f"apt's sources do not have Debian {RELEASE}, whose packages are pinned")


def write_locks(uv: str) -> None:
    """Update every image's pins: Debian packages to apt's present versions, Python packages as uv resolves them."""
    require_apt()
    LOCKS.mkdir(exist_ok=True)
    for image in IMAGES.values():
        debian_lock(image).write_text("".join(f"{package}\n" for package in _resolve(image.debian)))
        if image.python:
            _lock_python(uv, image)


def _resolve(names: Iterable[str]) -> Iterator[Package]:
    """The packages with all their dependencies, as for an empty machine."""
    with tempfile.TemporaryDirectory() as scratch:
        status = Path(scratch, "status")
        status.touch()
        options = ("-o", f"Dir::State::status={status}", "-o", "APT::Install-Recommends=false")
        listed = _run("apt-get", "apt-get", *options, "--print-uris", "-qq", "--yes", "install", *names)
    archives = [line.split()[1].removesuffix(".deb").split("_") for line in listed.splitlines()]
    wanted = [f"{name}={version.replace('%3a', ':')}" for name, version, *_ in archives]
    for stanza in _run("apt-cache", "apt-cache", "show", *wanted).strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        yield Package(fields["Package"], fields["Version"], fields["SHA256"])


def _lock_python(uv: str, image: Image) -> None:
    options = ("--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_36")
    quiet = ("--quiet", "--generate-hashes", "--no-header", "--no-annotate")
    left_out = [word for name in image.provided for word in ("--no-emit-package", name)]
    _run(
        "uv pip compile",
        *(uv, "pip", "compile", *quiet, *options, *left_out, "-", "-o", str(python_lock(image))),
        stdin="\n".join(image.python),
    )


def _unpack(packages: list[Package], folder: Path) -> None:
    for name in _MERGED:
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")
    with tempfile.TemporaryDirectory() as scratch:
        wanted = [f"{package.name}={package.version}" for package in packages]
        try:
            _run("apt-get download", "apt-get", "-qq", "download", *wanted, cwd=Path(scratch))
        except ToolsError as error:
            raise ToolsError(
                f"{error}\nwhat Debian has replaced is pinned anew by `python -m tools lock-images`"
            ) from None
        archives = {_digest(file): file for file in Path(scratch).glob("*.deb")}
        for package in packages:
            if package.sha256 not in archives:
                raise ToolsError(
                    f"{package.name} {package.version}: the archive is not the one that is pinned"
                )
            _extract(archives[package.sha256], folder)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _extract(archive: Path, folder: Path) -> None:
    keep = ("--keep-directory-symlink", "--exclude=./usr/share/doc/*", "--exclude=./usr/share/man/*")
    with subprocess.Popen(("dpkg-deb", "--fsys-tarfile", archive), stdout=subprocess.PIPE) as content:
        command = ("tar", "-x", "-C", folder, *keep)
        unpacked = subprocess.run(command, stdin=content.stdout, capture_output=True, text=True, check=False)
    if content.returncode or unpacked.returncode:
        raise ToolsError(f"{archive.name} cannot be unpacked: {unpacked.stderr.strip()}")


def _settle(image: Image, folder: Path) -> None:
    """Add to an image what is in no package: users, the usual authorities, shared names."""
    masters = folder / "usr" / "share" / "base-passwd"
    users, groups = ((masters / f"{kind}.master").read_text() for kind in ("passwd", "group"))
    for number, name in enumerate(image.users, start=1000):
        users += f"{name}:x:{number}:{number}::/home/{name}:/bin/bash\n"
        groups += f"{image.users[name]}:x:{number}:\n"
        (folder / "home" / name).mkdir(parents=True)
    (folder / "etc" / "passwd").write_text(users)
    (folder / "etc" / "group").write_text(groups)
    authorities = sorted((folder / "usr/share/ca-certificates").rglob("*.crt"))
    if authorities:
        bundle = folder / "etc/ssl/certs/ca-certificates.crt"
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_text("".join(file.read_text() for file in authorities))
    for link, target in image.links.items():
        path = folder / link.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)
    (folder / "tmp").chmod(0o1777)


def _install(image: Image, folder: Path) -> None:
    """Make the image's virtualenv with the image's own Python, because scripts contain paths inside the image."""
    ready, built = _split(python_lock(image).read_text(), image.built)
    locks = {"ready.lock": ready, "built.lock": built}
    for name, text in locks.items():
        (folder / "tmp" / name).write_text(text)
    script = [f"root={folder}"]
    for path in map(Path, _FOR_PIP):
        if path.exists():
            make = "mkdir -p" if path.is_dir() else "touch"
            script.append(f"{make} $root{path}; mount --rbind {path} $root{path}")
    script.append(f"chroot $root python3 -m venv {image.venv}")
    options = "--quiet --no-cache-dir --require-hashes --no-deps --no-build-isolation"
    pip = f"chroot $root {image.venv}/bin/python -m pip install {options}"
    script += [f"{pip} -r /tmp/{name}" for name, text in locks.items() if text]
    # The mounts are private to this command and end with it.
    _run(f"pip install -r {python_lock(image).name}", "unshare", "--mount", "sh", "-ec", "\n".join(script))
    for name in locks:
        (folder / "tmp" / name).unlink()


def _split(lock: str, built: Iterable[str]) -> tuple[str, str]:
    """A lock split into other packages and those to build, which need the others first."""
    requirements = re.split(r"\n(?=[a-z0-9])", lock.strip(), flags=re.IGNORECASE)
    chosen = [each for each in requirements if each.split("==")[0] in built]
    return "\n".join(each for each in requirements if each not in chosen), "\n".join(chosen)


def _run(what: str, *command: str, cwd: Path | None = None, stdin: str | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()[-LINES_OF_FAILURE:]
        raise ToolsError("\n".join([f"{what} failed:", *lines]))
    return done.stdout
