from pathlib import Path

from testbed.openstack_bed import clouds_yaml
from testbed.openstack_bed.settings import APIS, Settings
from tests.support import fast_yaml


def test_three_ways_to_sign_in(tmp_path: Path) -> None:
    settings = Settings(
        folder=tmp_path,
        services=Path("/services"),
        interpreter=Path("/python"),
        ports={api: 20000 + place for place, api in enumerate(APIS)},
        password="hunter2",
    )
    clouds_yaml.write(settings, ("an-id", "a-secret"))
    path = clouds_yaml.file(settings)
    assert path.stat().st_mode & 0o077 == 0
    entries = fast_yaml.load(path.read_text())["clouds"]
    assert entries["testbed"]["auth"]["username"] == "panda"
    assert entries["testbed-admin"]["auth"]["project_name"] == "admin"
    credential = entries["testbed-application-credential"]
    assert credential["auth_type"] == "v3applicationcredential"
    assert credential["auth"]["application_credential_id"] == "an-id"
    assert {entry["auth"]["auth_url"] for entry in entries.values()} == {"http://127.0.0.1:20000/v3"}
