"""Sources in a ConfigMap lie in the pod where Python finds them."""

from __future__ import annotations

from panda_infra.program_files import ProgramFiles
from tools import REPOSITORY


def test_each_source_has_a_key_and_its_own_place() -> None:
    files = ProgramFiles(("node_recovery/*.py", "backup/*.py"))
    volume = files.volume("of-somebody")
    assert volume["configMap"]["name"] == "of-somebody"
    items = {item["key"]: item["path"] for item in volume["configMap"]["items"]}
    assert items.keys() == files.data.keys()
    assert items["panda_infra.backup.__main__.py"] == "panda_infra/backup/__main__.py"
    assert all((REPOSITORY / path).read_text() == files.data[key] for key, path in items.items())
    # In the order of the patterns.
    packages = [key.split(".")[1] for key in items]
    assert packages == sorted(packages, reverse=True)
