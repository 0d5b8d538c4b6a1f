from pathlib import Path

import pytest

from testbed import charts
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
