"""Lays out the Pulumi engine as the CLI expects it, so that it finds everything and warns of nothing.

The CLI takes a language host without a word only from its own folder, and resource plugins only from
`$PULUMI_HOME/plugins`. The parts are built apart; here they come together.
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
    """The PULUMI_HOME that an official CLI uses by itself."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def together(pulumi: Path, language_host: Path) -> Path:
    """One folder with the files of both parts.

    They are hard links, since the CLI looks beside the file that it really is; the name carries both stamps.
    """
    folder = cache.root() / "engine" / f"{pulumi.name}-{language_host.name}"

    def link_all(target: Path) -> None:
        for source in (*pulumi.iterdir(), *language_host.iterdir()):
            _link_or_copy(source, target / source.name)

    cache.publish(folder, link_all)
    return folder


def plugin_file(home: Path, part: Part) -> Path:
    """Where the CLI looks for a resource plugin of exactly the pinned version."""
    return home / "plugins" / f"resource-{part.plugin}-v{part.version}" / f"pulumi-resource-{part.plugin}"


def home_of_built(plugins: Iterable[Part], built: Callable[[Part], Path]) -> Path:
    """Our own home with each plugin in it.

    Args:
        plugins: The parts that are plugins.
        built: Gives the folder that has a part's executable, building it at need.
    """
    home = own_home()
    for part in plugins:
        file = plugin_file(home, part)
        cache.replace_symlink(file, built(part) / file.name)
    _keep_no_logs(home)
    return home


def _keep_no_logs(home: Path) -> None:
    """Put a file where the CLI would keep a log of every command.

    It has no switch for them. Written at debug level whatever is asked for, they take a sixth of a command's time and
    up to 500 MB; docs/develop.md has what tells the same when it is needed.
    """
    logs = home / "logs"
    if logs.is_dir():
        shutil.rmtree(logs, ignore_errors=True)
    with suppress(OSError):  # another run was faster, or still writes a log
        logs.touch()


def home_of_official(cli: Path, plugins: Iterable[Part], built: Callable[[Part], Path]) -> Path:
    """The home that gives an official CLI its plugins.

    It is the user's own if the plugins are there or can be installed there by the CLI. Otherwise (no way to
    Pulumi's download site) it is ours, with what the user's home lacks built from source.

    Args:
        cli: The official `pulumi`.
        plugins: The parts that are plugins.
        built: Gives the folder that has a part's executable, building it at need.
    """
    home = users_home()
    missing = [part for part in plugins if not plugin_file(home, part).exists()]
    # What our home already has was once impossible to install, and need not be tried each time.
    if all(plugin_file(own_home(), part).exists() or _installs(cli, part) for part in missing):
        missing = [part for part in missing if not plugin_file(home, part).exists()]
    if not missing:
        return home
    return home_of_built(
        plugins, lambda part: built(part) if part in missing else plugin_file(home, part).parent
    )


def environment(cli: Path, home: Path, others: Iterable[Path]) -> dict[str, str]:
    """Variables with which the CLI runs silently and finds exactly these plugins.

    Args:
        cli: The `pulumi` executable.
        home: PULUMI_HOME.
        others: More executables that shall be on PATH, after the CLI.
    """
    return {
        "PATH": search_path((cli, *others)),
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def search_path(executables: Iterable[Path]) -> str:
    """The user's PATH, before it the folders of what was built here."""
    own = cache.root()
    # Folders that were on PATH before keep their place: moving /usr/bin up would hide the user's choices.
    added = dict.fromkeys(str(file.parent) for file in executables if file.is_relative_to(own))
    # Tools of an earlier call give way; the virtualenv, which lies in the cache too, is the user's choice.
    inherited = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if not any(Path(folder).is_relative_to(own / tools) for tools in ("engine", "tools"))
    ]
    return os.pathsep.join([*added, *inherited])


def _installs(cli: Path, part: Part) -> bool:
    """Let the CLI install a plugin into the user's home; False if it cannot."""
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
