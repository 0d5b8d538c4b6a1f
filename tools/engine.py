"""Lays out the Pulumi engine as the CLI expects it, so that it finds everything without warnings.

The CLI uses a language host without a warning only from its own folder, and resource plugins only from
`$PULUMI_HOME/plugins`. The parts are built separately and combined here.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from tools import cache
from tools.parts import Part

SECONDS_TO_INSTALL = 300


def own_home() -> Path:
    """The PULUMI_HOME in the cache, for an engine or plugins that were built here."""
    return cache.root() / "pulumi-home"


def users_home() -> Path:
    """The PULUMI_HOME that an official CLI uses by default."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def together(pulumi: Path, language_host: Path) -> Path:
    """One folder with the files of both parts.

    They are hard links, because the CLI searches beside its resolved path; the folder's name contains both stamps.
    """
    folder = cache.root() / "engine" / f"{pulumi.name}-{language_host.name}"

    def link_all(target: Path) -> None:
        for source in (*pulumi.iterdir(), *language_host.iterdir()):
            _link_or_copy(source, target / source.name)

    cache.publish(folder, link_all)
    return folder


def plugin_file(home: Path, part: Part) -> Path:
    """The path where the CLI expects a resource plugin of exactly the pinned version."""
    return home / "plugins" / f"resource-{part.plugin}-v{part.version}" / f"pulumi-resource-{part.plugin}"


def home_of_built(plugins: Iterable[Part], built: Callable[[Part], Path]) -> Path:
    """Our own home with each plugin in it.

    Args:
        plugins: The parts that are plugins.
        built: Returns the folder with a part's executable, and builds it if it is missing.
    """
    home = own_home()
    for part in plugins:
        file = plugin_file(home, part)
        cache.replace_symlink(file, built(part) / file.name)
    _keep_no_logs(home)
    return home


def _keep_no_logs(home: Path) -> None:
    """Put a file in the place of the CLI's log folder.

    The CLI has no option against its logs. Always written at debug level, they take a sixth of a command's time and
    up to 500 MB; docs/develop.md shows how to get the same information.
    """
    logs = home / "logs"
    if logs.is_dir():
        shutil.rmtree(logs, ignore_errors=True)
    with suppress(OSError):  # another run was faster, or still writes a log
        logs.touch()


def home_of_official(cli: Path, plugins: Iterable[Part], built: Callable[[Part], Path]) -> Path:
    """The home that gives an official CLI its plugins.

    It is the user's own if the plugins are there or the CLI can install them there. Otherwise (if Pulumi's
    download site cannot be reached) it is ours, with missing plugins built from source.

    Args:
        cli: The official `pulumi`.
        plugins: The parts that are plugins.
        built: Returns the folder with a part's executable, and builds it if it is missing.
    """
    home = users_home()
    missing = [part for part in plugins if not plugin_file(home, part).exists()]
    # A plugin in our home could not be installed once, so its installation is not tried each time.
    if all(plugin_file(own_home(), part).exists() or _installs(cli, part) for part in missing):
        missing = [part for part in missing if not plugin_file(home, part).exists()]
    if not missing:
        return home
    return home_of_built(
        plugins, lambda part: built(part) if part in missing else plugin_file(home, part).parent
    )


def environment(cli: Path, home: Path, others: Iterable[Path]) -> dict[str, str]:
    """Variables with which the CLI runs without notices and finds exactly these plugins.

    Args:
        cli: The `pulumi` executable.
        home: PULUMI_HOME.
        others: More executables for PATH, after the CLI.
    """
    return {
        "PATH": search_path((cli, *others)),
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def search_path(executables: Iterable[Path]) -> str:
    """The folders of executables that were built here, then the user's PATH."""
    own = cache.root()
    # Folders on the user's PATH keep their place: moving /usr/bin up would hide the user's choices.
    added = dict.fromkeys(str(file.parent) for file in executables if file.is_relative_to(own))
    # Tools of an earlier call are removed; the virtualenv, also in the cache, is the user's choice and stays.
    inherited = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if not any(Path(folder).is_relative_to(own / tools) for tools in ("engine", "tools"))
    ]
    return os.pathsep.join([*added, *inherited])


def _installs(cli: Path, part: Part) -> bool:
    """Make the CLI install a plugin into the user's home; return False if it cannot."""
    command = [str(cli), "plugin", "install", "resource", str(part.plugin), f"v{part.version}"]
    try:
        result = subprocess.run(
            command, capture_output=True, timeout=SECONDS_TO_INSTALL, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)
