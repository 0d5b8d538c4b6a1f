import json
from pathlib import Path

from testbed import ports, registry


def test_everything_is_kept_in_the_instances_folder_and_served_locally(tmp_path: Path) -> None:
    document = json.loads(registry.configure(tmp_path, 1234).read_text())
    assert document["storage"]["filesystem"]["rootdirectory"].startswith(str(tmp_path))
    assert document["http"] == {"addr": "127.0.0.1:1234"}


def test_nothing_answers() -> None:
    assert not registry.answers(f"{ports.HOST}:{ports.free(1)[0]}")
