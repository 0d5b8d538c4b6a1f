from pathlib import Path

from cryptography import x509

from testbed import control_plane as plane
from tests.support import fast_yaml

EXECUTABLES = {
    part: Path("/bin") / part
    for part in (plane.ETCD, plane.API_SERVER, plane.CONTROLLERS, plane.SCHEDULER, plane.KUBELETS)
}


def test_every_file_that_a_command_names_was_prepared(tmp_path: Path) -> None:
    files = plane.Files(tmp_path)
    plane.prepare(files, 1234)
    commands = [
        plane.api_server(EXECUTABLES, files, 1234, 1235),
        plane.controllers(EXECUTABLES, files),
        plane.scheduler(EXECUTABLES, files),
        plane.kubelets(EXECUTABLES, files),
    ]
    words = [part for command in commands for word in command for part in str(word).split("=")[-1].split(",")]
    named = [Path(word.split(":")[0]) for word in words if word.startswith(str(tmp_path))]
    assert len(named) > 10
    assert [path for path in named if not path.is_file()] == []


def test_everything_listens_on_the_loopback_address_alone(tmp_path: Path) -> None:
    files = plane.Files(tmp_path)
    api_server = plane.api_server(EXECUTABLES, files, 1234, 1235)
    etcd = plane.etcd(EXECUTABLES, files, 1235, 1236)
    assert "--bind-address=127.0.0.1" in api_server
    listening = [str(word) for word in etcd if str(word).startswith("--listen")]
    assert len(listening) == 2
    assert all("=http://127.0.0.1:" in word for word in listening)


def test_kubeconfig_asks_for_the_name_that_the_bed_itself_serves(tmp_path: Path) -> None:
    files = plane.Files(tmp_path)
    plane.prepare(files, 1234)
    cluster = fast_yaml.load(files.kubeconfig.read_text())["clusters"][0]["cluster"]
    served = x509.load_pem_x509_certificate((files.pki / "named.crt").read_bytes())
    names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert cluster["server"] == "https://127.0.0.1:1234"
    assert [cluster["tls-server-name"]] == names.get_values_for_type(x509.DNSName)


def test_kubeconfigs_are_for_their_owner_alone(tmp_path: Path) -> None:
    files = plane.Files(tmp_path)
    plane.prepare(files, 1234)
    for path in (files.kubeconfig, files.kubeconfig_of(plane.CONTROLLERS), files.pki / "accounts.key"):
        assert path.stat().st_mode & 0o077 == 0
