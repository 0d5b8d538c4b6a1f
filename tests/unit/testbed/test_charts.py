from pathlib import Path

import pytest

from testbed import charts, executables
from testbed.errors import BedError


def chart(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").touch()
    return folder


def test_a_chart_is_found_itself(tmp_path: Path) -> None:
    one = chart(tmp_path / "one")
    assert charts.find(one) == [one]


def test_a_folder_of_charts_yields_each_but_no_sub_chart(tmp_path: Path) -> None:
    one, two = chart(tmp_path / "one"), chart(tmp_path / "two")
    chart(one / "charts" / "inner")
    (tmp_path / "docs").mkdir()
    assert charts.find(tmp_path) == [one, two]


def test_a_folder_without_charts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BedError, match="neither a chart nor a folder of charts"):
        charts.find(tmp_path)


def test_a_chart_is_pushed_when_its_content_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder with a chart of the same name takes its place in the registry, so it counts as a change."""
    one, two = chart(tmp_path / "one"), chart(tmp_path / "two")
    for folder, text in ((one, "name: panda\n# one\n"), (two, "name: 'panda'\n# two\n")):
        (folder / "Chart.yaml").write_text(text)
    pushed: list[Path] = []

    def push(_: object, folder: Path, address: str) -> charts.Published:
        pushed.append(folder)
        return charts.Published(f"oci://{address}/panda", "1.0.0", f"sha256:{len(pushed)}")

    monkeypatch.setattr(charts._Helm, "_push", push)
    monkeypatch.setattr(executables, "locate", lambda: {"helm": Path("helm")})

    def digest(folder: Path) -> str:
        (published,) = charts.publish([folder], "here:5000", tmp_path)
        return published.digest

    assert [digest(folder) for folder in (one, one, two, two, one)] == [
        "sha256:1",
        "sha256:1",
        "sha256:2",
        "sha256:2",
        "sha256:3",
    ]
    (one / "values.yaml").touch()
    assert digest(one) == "sha256:4"
    assert pushed == [one, two, one, one]


@pytest.mark.parametrize("name", ["helm", "charts"])
def test_a_checkout_has_its_charts_in_one_of_two_folders(name: str, tmp_path: Path) -> None:
    folder = chart(tmp_path / name / "one")
    assert charts.chosen(tmp_path) == [folder]
    with pytest.raises(BedError, match=f"{name}/nowhere/helm: neither a chart nor a folder of charts"):
        charts.chosen(tmp_path / name / "nowhere")
