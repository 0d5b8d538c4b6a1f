"""Whatever kubeconfig the engine's client takes, the program takes, and passes on as text that leads there too.

Helm is the judge: it has the same client (client-go) as kubectl and the engine's plugin.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from panda_infra.authority import make_authority
from panda_infra.clients.kubernetes.kubeconfig import Source, choose, read
from panda_infra.cluster.existing import lets_in
from panda_infra.errors import PandaInfraError
from testbed import charts, executables, stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support import fast_yaml
from tests.support.command_line import run_in
from tests.support.front import Front, front
from tests.support.proxies import connect_proxy, socks_server

pytestmark = pytest.mark.e2e

Json = dict[str, Any]

_CA = "certificate-authority-data"
_PRIVATE = "api.private-cluster.example"
_OPAQUE = "kubeconfig-u-abc:made-up"
_V1, _V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"


def _web_token() -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 4102444800}).encode()).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


@dataclass
class World:
    """What kubeconfigs can lead to."""

    cluster: Json
    user: Json
    token: str
    rancher: Front
    http: int
    https: int
    socks: int
    asked: tuple[list[str], list[str], list[str]]
    authority: Path

    @property
    def port(self) -> str:
        """Of the API server."""
        return str(self.cluster["server"].rpartition(":")[2])

    def behind(self, proxy: str) -> Json:
        """The cluster by a name that only a proxy knows."""
        return self.cluster | {
            "server": f"https://{_PRIVATE}:{self.port}",
            "tls-server-name": "localhost",
            **({"proxy-url": proxy} if proxy else {}),
        }


@dataclass
class Kind:
    """A kubeconfig of some kind: files in a folder by their names, and variables; it is ``named`` by paths."""

    files: dict[str, str]
    named: str = "config"
    context: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


def kubeconfig(cluster: Json, user: Json, name: str = "here") -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": f"{name}-c", "cluster": cluster}],
        "users": [{"name": f"{name}-u", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": f"{name}-c", "user": f"{name}-u"}}],
        "current-context": name,
    }


def one(cluster: Json, user: Json, **files: str) -> Kind:
    return Kind({"config": fast_yaml.dump(kubeconfig(cluster, user)), **files})


def pem(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def plugin(version: str, status: Json, words: str = "") -> str:
    answer = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    return f"#!/bin/sh\n{words}\ncat <<'EOF'\n{answer}\nEOF\n"


def by_plugin(command: str = "./plugin.sh", version: str = _V1, **more: Any) -> Json:
    return {"exec": {"apiVersion": version, "command": command, "interactiveMode": "Never", **more}}


def relative(w: World) -> Kind:
    cluster = {key: value for key, value in w.cluster.items() if key != "certificate-authority-data"}
    files = {
        "pki/ca.pem": pem(w.cluster["certificate-authority-data"]),
        "cert.pem": pem(w.user["client-certificate-data"]),
        "key.pem": pem(w.user["client-key-data"]),
    }
    user = {"client-certificate": "cert.pem", "client-key": "./key.pem"}
    return one(cluster | {"certificate-authority": "pki/ca.pem"}, user, **files)


def several_files(w: World) -> Kind:
    cluster, user, context = (
        {"apiVersion": "v1", "kind": "Config"} | {key: kubeconfig(w.cluster, w.user)[key] for key in keys}
        for keys in (("clusters",), ("users",), ("contexts", "current-context"))
    )
    late = kubeconfig({"server": "https://127.0.0.1:9"}, {}, "here")
    files = {"a": cluster, "b": user, "c": context, "d": late}
    return Kind({name: fast_yaml.dump(text) for name, text in files.items()}, named="a:b:missing:c:d")


def several_contexts(w: World) -> Kind:
    good, bad = kubeconfig(w.cluster, w.user, "good"), kubeconfig(w.cluster, {"token": "no"}, "bad")
    both = {kind: bad[kind] + good[kind] for kind in ("clusters", "users", "contexts")}
    return Kind({"config": fast_yaml.dump(bad | both)}, context="good")


def cluster_info(w: World) -> Kind:
    reported = f"*{w.cluster['server']}*site-setting*"
    said = f"case $KUBERNETES_EXEC_INFO in {reported}) ;; *) exit 1;; esac\n[ $A = b ] || exit 2"
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"a": "site-setting"}}
    user = by_plugin(provideClusterInfo=True, env=[{"name": "A", "value": "b"}], args=["get-token"])
    return one(
        w.cluster | {"extensions": [extension]}, user, **{"plugin.sh": plugin(_V1, {"token": w.token}, said)}
    )


def openshift(w: World) -> Kind:
    name = "panda/api-ocp-example-org:6443/operator"
    return Kind({"config": fast_yaml.dump(kubeconfig(w.cluster, {"token": w.token}, name))})


def in_the_environment(w: World) -> Kind:
    kind = one(w.behind(""), w.user)
    kind.environment = {"HTTPS_PROXY": f"http://127.0.0.1:{w.http}"}
    return kind


def by_https(w: World) -> Kind:
    """Of the cluster's own authorities, by which kubectl knows a proxy too."""
    both = pem(w.cluster[_CA]) + w.authority.read_text()
    cluster = w.behind(f"https://localhost:{w.https}")
    return one(cluster | {_CA: base64.b64encode(both.encode()).decode()}, w.user)


def on_path(w: World) -> Kind:
    kind = one(
        w.cluster,
        by_plugin("oidc-plugin", _V1BETA1),
        **{"bin/oidc-plugin": plugin(_V1BETA1, {"token": w.token})},
    )
    kind.environment = {"PATH": f"$FOLDER/bin:{os.environ['PATH']}"}
    return kind


def without(cluster: Json, *keys: str) -> Json:
    return {key: value for key, value in cluster.items() if key not in keys}


TAKEN: Mapping[str, Callable[[World], Kind]] = {
    "client certificate": lambda w: one(w.cluster, w.user),
    "JSON": lambda w: Kind({"config": json.dumps(kubeconfig(w.cluster, w.user), indent="\t")}),
    "relative files": relative,
    "service account's token": lambda w: one(w.cluster, {"token": w.token}),
    "relative token file": lambda w: one(w.cluster, {"tokenFile": "token"}, token=f"{w.token}\n"),
    "token file beside an old token": lambda w: one(
        w.cluster, {"token": "old", "tokenFile": "token"}, token=w.token
    ),
    "OpenShift": openshift,
    "Rancher": lambda w: Kind({"config": fast_yaml.dump(w.rancher.kubeconfig(_OPAQUE))}),
    "password": lambda w: one(_rancher(w), {"username": "u", "password": "p:w"}),
    "OIDC by auth-provider": lambda w: one(_rancher(w), {"auth-provider": _oidc(_web_token())}),
    "relative plug-in": lambda w: one(
        w.cluster, by_plugin(), **{"plugin.sh": plugin(_V1, {"token": w.token})}
    ),
    "plug-in on PATH": on_path,
    "plug-in v1beta1 without a mode": lambda w: one(
        w.cluster,
        {"exec": {"apiVersion": _V1BETA1, "command": "./plugin.sh", "args": None, "env": None}},
        **{"plugin.sh": plugin(_V1BETA1, {"token": w.token})},
    ),
    "plug-in that gives a certificate": lambda w: one(
        w.cluster,
        by_plugin(),
        **{
            "plugin.sh": plugin(
                _V1,
                {
                    "clientCertificateData": pem(w.user["client-certificate-data"]),
                    "clientKeyData": pem(w.user["client-key-data"]),
                    "expirationTimestamp": "2099-01-01T00:00:00Z",
                },
            )
        },
    ),
    "plug-in that is given the cluster": cluster_info,
    "proxy by HTTP": lambda w: one(w.behind(f"http://127.0.0.1:{w.http}"), w.user),
    "proxy by HTTPS": by_https,
    "proxy by SOCKS": lambda w: one(w.behind(f"socks5://127.0.0.1:{w.socks}"), w.user),
    "proxy of the environment": in_the_environment,
    "server by another name": lambda w: one(w.cluster | {"tls-server-name": "localhost"}, w.user),
    "server that is not verified": lambda w: one(
        without(w.cluster, _CA) | {"insecure-skip-tls-verify": True}, w.user
    ),
    "several files": several_files,
    "a context that is named": several_contexts,
    "impersonation": lambda w: one(w.cluster, w.user | {"as": "site-admin", "as-groups": ["system:masters"]}),
}
REFUSED: Mapping[str, tuple[Callable[[World], Kind], str]] = {
    "token that ended": (lambda w: one(w.cluster, {"token": "ended"}), "answers 401"),
    "nobody": (lambda w: one(w.cluster, {}), "answers 403"),
    "plug-in that fails": (
        lambda w: one(
            w.cluster,
            by_plugin(),
            **{"plugin.sh": "#!/bin/sh\necho 'error: refresh token expired, please log in' >&2\nexit 1\n"},
        ),
        "exit code 1: error: refresh token expired, please log in",
    ),
    "plug-in that is not there": (
        lambda w: one(
            w.cluster, by_plugin("kubectl-oidc_login-none", installHint="Install kubelogin: see its page")
        ),
        "there is no plug-in kubectl-oidc_login-none.\n  Install kubelogin: see its page",
    ),
    "plug-in of another version": (
        lambda w: one(w.cluster, by_plugin(), **{"plugin.sh": plugin(_V1BETA1, {"token": w.token})}),
        f"answers as {_V1BETA1}",
    ),
    "plug-in v1alpha1": (
        lambda w: one(
            w.cluster,
            by_plugin(version="client.authentication.k8s.io/v1alpha1"),
            **{"plugin.sh": plugin(_V1, {"token": w.token})},
        ),
        "exec.apiVersion",
    ),
    "plug-in v1 without a mode": (
        lambda w: one(w.cluster, {"exec": {"apiVersion": _V1, "command": "true"}}),
        "exec.interactiveMode is missing",
    ),
    "GKE's former auth-provider": (
        lambda w: one(w.cluster, {"auth-provider": {"name": "gcp"}}),
        "gke-gcloud-auth-plugin",
    ),
    "OIDC that ended": (
        lambda w: one(_rancher(w), {"auth-provider": _oidc("e30.eyJleHAiOjF9.c2ln")}),
        "ended on 1970-01-01 00:00 UTC",
    ),
    "proxy of another kind": (
        lambda w: one(w.behind("ftp://127.0.0.1:1"), w.user),
        "none of http, https and socks5",
    ),
    "proxy that is not there": (
        lambda w: one(w.behind("socks5://127.0.0.1:9"), w.user),
        "the proxy 127.0.0.1:9 cannot be reached",
    ),
    "server of another authority": (
        lambda w: one(w.cluster | {_CA: base64.b64encode(w.authority.read_bytes()).decode()}, w.user),
        "a certificate that is not trusted",
    ),
    "unverified server with an authority": (
        lambda w: one(w.cluster | {"insecure-skip-tls-verify": True}, w.user),
        "insecure-skip-tls-verify stands beside",
    ),
    "token and password": (
        lambda w: one(w.cluster, {"token": w.token, "username": "u", "password": "p"}),
        "has both a token and a password",
    ),
    "groups of nobody": (
        lambda w: one(w.cluster, w.user | {"as-groups": ["system:masters"]}),
        "has groups to act as, but no user",
    ),
    "file that is not there": (
        lambda w: one(without(w.cluster, _CA) | {"certificate-authority": "ca.pem"}, w.user),
        "certificate-authority: no readable file at",
    ),
    "authority that is none": (lambda w: one(w.cluster | {_CA: "aGVsbG8="}, w.user), "holds no certificate"),
    "a number for a token": (lambda w: one(w.cluster, {"token": 1234}), "token is of the wrong type"),
}


def _rancher(w: World) -> Json:
    return dict(w.rancher.kubeconfig("")["clusters"][0]["cluster"])


def _oidc(token: str) -> Json:
    config = {"idp-issuer-url": "https://127.0.0.1:9", "client-id": "c", "id-token": token}
    return {"name": "oidc", "config": config}


@pytest.fixture(scope="module")
def world(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    document = fast_yaml.load(bed.kubeconfig.read_text())
    parts = make_authority("Proxy", now=datetime.now(UTC)).issue(["localhost"])
    pair, authority = folder / "proxy.pem", folder / "authority.pem"
    pair.write_text(parts.certificate + parts.key)
    authority.write_text(parts.chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    with ExitStack() as stack:
        rancher = stack.enter_context(front(bed.kubeconfig, folder))
        rancher.tokens, rancher.passwords = {_OPAQUE, _web_token()}, {"u:p:w"}
        http, asked = stack.enter_context(connect_proxy())
        https, asked_too = stack.enter_context(connect_proxy(context))
        socks, asked_as_well = stack.enter_context(socks_server())
        yield World(
            document["clusters"][0]["cluster"],
            document["users"][0]["user"],
            _service_account(Api(bed.kubeconfig)),
            rancher,
            http,
            https,
            socks,
            (asked, asked_too, asked_as_well),
            authority,
        )
        # Nothing goes through a proxy but what is meant to.
        assert all(_PRIVATE in address for address in [*asked, *asked_too, *asked_as_well])


def _service_account(api: Api) -> str:
    """The token of one that may do everything."""
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    api.create(accounts, {"metadata": {"name": "kubeconfigs"}})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": "kubeconfigs", "namespace": "default"}
    binding = {"metadata": {"name": "kubeconfigs"}, "roleRef": role, "subjects": [subject]}
    api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    return str(api.create(f"{accounts}/kubeconfigs/token", {"spec": {}})["status"]["token"])


def written(kind: Kind, folder: Path, monkeypatch: pytest.MonkeyPatch, authority: Path) -> str:
    """The files in place and the variables set; how the kubeconfig is named."""
    for name, text in kind.files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
        if text.startswith("#!"):
            file.chmod(file.stat().st_mode | stat.S_IXUSR)
    for variable in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    for variable, value in kind.environment.items():
        monkeypatch.setenv(variable, value.replace("$FOLDER", str(folder)))
    return os.pathsep.join(str(folder / name) for name in kind.named.split(os.pathsep))


def helm_takes(named: str, context: str | None, home: Path) -> str:
    """Why Helm cannot list releases with a kubeconfig; empty if it can."""
    chosen = ["--kube-context", context] if context else []
    done = subprocess.run(
        [executables.locate()["helm"], "list", *chosen],
        env={**os.environ, "KUBECONFIG": named, **charts.helm_homes(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_engines_client_takes(
    name: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = TAKEN[name](world)
    named = written(kind, tmp_path, monkeypatch, world.authority)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert helm_takes(named, kind.context, elsewhere) == ""
    target = choose(read(named), kind.context, Source.of_file(named))
    before = sum(map(len, world.asked))
    lets_in(target)
    assert (sum(map(len, world.asked)) > before) == name.startswith("proxy")
    passed_on = elsewhere / "passed-on"
    passed_on.write_text(target.text())
    if "plug-in" not in name:
        assert str(tmp_path) not in target.text()
    for file in kind.files:
        if not file.endswith(("plugin.sh", "oidc-plugin")):
            (tmp_path / file).unlink()
    assert helm_takes(str(passed_on), None, elsewhere) == ""


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_engines_client_refuses_is_refused_in_words(
    name: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, reported = REFUSED[name]
    named = written(make(world), tmp_path, monkeypatch, world.authority)
    assert helm_takes(named, None, tmp_path)
    with pytest.raises(PandaInfraError) as refused:
        lets_in(choose(read(named), None, Source.of_file(named)))
    assert reported in str(refused.value)
    assert world.token not in str(refused.value)


@pytest.fixture
def stack(bed: Bed, tmp_path: Path) -> Iterator[Workspace]:
    """Of the broker alone, by a kubeconfig that the test writes to the place that the stack file names."""
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / "kubeconfigs",
        {
            "panda-infra:namespace": "kubeconfigs",
            "panda-infra:cluster": {"kind": "existing", "kubeconfig": str(tmp_path / "config")},
            "panda-infra:components": {"msgsvc": {}},
            "panda-infra:hosts": {},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    yield workspace
    workspace.destroy()


def test_the_engine_gets_what_the_program_reads(
    world: World, stack: Workspace, bed: Bed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"plugin.sh": plugin(_V1, {"token": world.token})}
    kind = one(world.behind(f"socks5://127.0.0.1:{world.socks}"), by_plugin(), **said)
    written(kind, tmp_path, monkeypatch, world.authority)
    made = stack.up("--target", "**Namespace::namespace")
    assert made.code == 0, made.text
    assert Api(bed.kubeconfig).get("/api/v1/namespaces/kubeconfigs")["status"]["phase"] == "Active"
    shown = run_in(stack.folder, stack.environment(), "status", "local", "--json")
    assert shown.exit_code == 1, shown.output
    assert json.loads(shown.stdout)["problems"][0].startswith("release panda-msgsvc is not there")

    (tmp_path / "plugin.sh").write_text(
        "#!/bin/sh\necho 'refresh token expired, please log in' >&2\nexit 1\n"
    )
    for refused in (
        stack.preview().text,
        run_in(stack.folder, stack.environment(), "status", "local").output,
        run_in(stack.folder, stack.environment(), "destroy", "local", "--yes").output,
    ):
        assert (
            f"{tmp_path}/plugin.sh failed with exit code 1: refresh token expired, please log in" in refused
        )
        assert "Traceback" not in refused
        assert "cluster-gone" not in refused
    (tmp_path / "plugin.sh").write_text(said["plugin.sh"])
    gone = run_in(stack.folder, stack.environment(), "destroy", "local", "--yes")
    assert gone.exit_code == 0, gone.output
    assert "local: nothing is left" in gone.output
