import os
from pathlib import Path

import pytest

from tests.unit.tools.conftest import Workshop
from tools import engine
from tools.parts import PLUGIN_KUBERNETES, PLUGIN_OPENSTACK, Part

PLUGINS = (PLUGIN_KUBERNETES, PLUGIN_OPENSTACK)


class Builder:
    """Gives a folder with a plugin's executable, and remembers which were asked for."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.built: list[Part] = []

    def __call__(self, part: Part) -> Path:
        self.built.append(part)
        (executable,) = part.executables
        folder = self.workshop.cache / "tools" / part.name / "stamp"
        return self.workshop.install(executable.name, part.version, folder=folder).parent


def in_users_home(workshop: Workshop, part: Part) -> Path:
    file = engine.plugin_file(workshop.home / ".pulumi", part)
    return workshop.install(file.name, part.version, folder=file.parent)


def test_the_parts_come_together_in_one_real_folder(workshop: Workshop) -> None:
    cli = workshop.install("pulumi", "1", folder=workshop.cache / "tools" / "pulumi" / "one")
    host = workshop.install("pulumi-language-python", "1", folder=workshop.cache / "tools" / "host" / "two")
    folder = engine.together(cli.parent, host.parent)
    assert folder == workshop.cache / "engine" / "one-two"
    assert folder == engine.together(cli.parent, host.parent)
    for file in (cli, host):
        assert (folder / file.name).samefile(file)
        assert not (folder / file.name).is_symlink()


def test_plugins_lie_where_the_cli_looks(workshop: Workshop) -> None:
    home = engine.home_of_built(PLUGINS, Builder(workshop))
    version = PLUGIN_KUBERNETES.version
    file = home / "plugins" / f"resource-kubernetes-v{version}" / "pulumi-resource-kubernetes"
    assert file == engine.plugin_file(home, PLUGIN_KUBERNETES)
    assert os.access(file, os.X_OK)
    # The CLI skips a plugin folder that is a link.
    assert not file.parent.is_symlink()
    assert home.is_relative_to(workshop.cache)


def test_an_engine_built_here_keeps_no_logs(workshop: Workshop) -> None:
    logs = engine.own_home() / "logs"
    logs.mkdir(parents=True)
    (logs / "pulumi-preview.log").touch()
    for _ in range(2):
        engine.home_of_built(PLUGINS, Builder(workshop))
        assert logs.is_file()


def test_an_official_cli_uses_the_plugins_of_the_users_home(workshop: Workshop) -> None:
    cli, builder = workshop.install("pulumi", "9.9.9"), Builder(workshop)
    for part in PLUGINS:
        in_users_home(workshop, part)
    assert engine.home_of_official(cli, PLUGINS, builder) == workshop.home / ".pulumi"
    assert builder.built == []
    assert not Path(f"{cli}.asked").exists()


def test_an_official_cli_installs_its_plugins(workshop: Workshop) -> None:
    install = (
        '[ "$1 $2 $3" = "plugin install resource" ] || exit 9\nd="$HOME/.pulumi/plugins/resource-$4-$5"\n'
    )
    install += '/bin/mkdir -p "$d"; : > "$d/pulumi-resource-$4"'
    cli, builder = workshop.install("pulumi", "9.9.9", script=install), Builder(workshop)
    assert engine.home_of_official(cli, PLUGINS, builder) == workshop.home / ".pulumi"
    assert builder.built == []


def test_what_cannot_be_installed_is_built_into_our_own_home(workshop: Workshop) -> None:
    cli, builder = workshop.install("pulumi", "9.9.9", script="exit 1"), Builder(workshop)
    users = in_users_home(workshop, PLUGIN_KUBERNETES)
    home = engine.home_of_official(cli, PLUGINS, builder)
    assert home == engine.own_home()
    assert builder.built == [PLUGIN_OPENSTACK]
    assert engine.plugin_file(home, PLUGIN_KUBERNETES).samefile(users)
    assert engine.plugin_file(home, PLUGIN_OPENSTACK).exists()


def test_an_installation_that_failed_is_not_tried_each_time(workshop: Workshop) -> None:
    cli, builder = workshop.install("pulumi", "9.9.9", script="exit 1"), Builder(workshop)
    homes = {engine.home_of_official(cli, [PLUGIN_OPENSTACK], builder) for _ in range(3)}
    assert homes == {engine.own_home()}
    assert Path(f"{cli}.asked").read_text().splitlines() == ["asked"]


def test_the_environment_puts_what_we_built_first(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{workshop.cache}/engine/old:/usr/bin")
    cli, helm = workshop.cache / "engine" / "new" / "pulumi", workshop.cache / "tools" / "helm" / "s" / "helm"
    environment = engine.environment(cli, engine.own_home(), [helm, Path("/usr/bin/etcd")])
    assert environment["PATH"] == f"{cli.parent}:{helm.parent}:/usr/bin"
    assert environment["PULUMI_HOME"] == str(engine.own_home())


def test_an_activated_virtualenv_stays_on_path(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    active = workshop.cache / "venvs" / "main" / "digest" / "bin"
    monkeypatch.setenv("PATH", f"{active}:{workshop.cache}/tools/helm/old:/usr/bin")
    cli = workshop.cache / "engine" / "new" / "pulumi"
    assert engine.environment(cli, engine.own_home(), [])["PATH"] == f"{cli.parent}:{active}:/usr/bin"
