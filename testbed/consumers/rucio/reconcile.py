"""The job that makes accounts and storages, against Rucio's server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from testbed.consumers.rucio.job import Job
from testbed.consumers.sandbox import Check, Sandbox, output
from testbed.errors import BedError

__all__ = ["POLICY", "calls", "check"]

POLICY = "bdms_rucio_policy"
"""CTAO's policy package, which the images of Rucio have."""

_NAME = "rucio-config"
_CALLS = Path(__file__).parents[1] / "scripts" / "rucio_calls.py"
_DONE = "all is as declared"


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check a new catalog, a catalog as declared, one that was changed by hand, and refusals of the server."""
    job = Job(sandbox, _NAME)
    yield from _made(job)
    yield from _by_policy(job)
    yield from _mended(job)
    yield from _changed(job)
    yield from _refused(job)


def _made(job: Job) -> Iterator[Check]:
    first = job.run()
    yield first.ends(
        _NAME,
        "a new catalog",
        "account dpps: added",
        "account dpps: identity CN=DPPS robot,O=CTAO,C=DE added",
        "account dpps: attribute admin set",
        "scope acada: added for dpps",
        "storage NORTH: added",
        "storage NORTH: protocol davs at north.site.org:443 added",
        "storage NORTH: attribute tape set",
        "storage NORTH: limit MinFreeSpace set",
        "distance from NORTH to SOUTH: added",
        "limit of dpps at NORTH: set",
        _DONE,
    )
    (accounts, owners, north, limits, distance, quota, identities) = calls(
        job,
        ["list_accounts"],
        ["list_scope_owners"],
        ["get_rse", "NORTH"],
        ["get_rse_limits", "NORTH"],
        ["get_distance", "NORTH", "SOUTH"],
        ["get_local_account_limits", "dpps"],
        ["list_identities", "dpps"],
    )
    protocol = north["protocols"][0]
    for what, wanted, got in (
        ("accounts", {"dpps", "root"}, {each["account"] for each in accounts}),
        ("scopes", [("acada", "dpps")], [(each["scope"], each["account"]) for each in owners]),
        ("protocol", ("davs", "/ctao", 443), (protocol["scheme"], protocol["prefix"], protocol["port"])),
        ("limits of a storage", 10 * 2**30, limits.get("MinFreeSpace")),
        ("distances", 1, distance[0]["distance"]),
        ("limits of an account", 2**40, quota["NORTH"]),
        ("identities", ["X509"], [each["type"] for each in identities]),
    ):
        yield Check(_NAME, f"{what} are there", wanted == got, f"{got} instead of {wanted}")
    again = job.run()
    yield again.ends(_NAME, "a second run", _DONE)
    yield Check(_NAME, "a second run changes nothing", again.text.strip() == _DONE, again.text)


def _by_policy(job: Job) -> Iterator[Check]:
    """Check a server with CTAO's policy, in which names of data are paths."""
    calls(job, _added("/dl0/run1"))
    (names,) = calls(job, ["list_replicas", [{"scope": "acada", "name": "/dl0/run1"}]])
    yield Check("rucio", "a path names data", [each["name"] for each in names] == ["/dl0/run1"], f"{names}")
    try:
        calls(job, _added("run1"))
    except BedError as error:
        refused = str(error)
    else:
        refused = "nothing"
    yield Check("rucio", "any other name is refused", "does not match" in refused, refused)


def _added(name: str) -> list[Any]:
    """A call that registers a file; its name is not part of the address, in which gunicorn keeps two slashes."""
    return ["add_replicas", "NORTH", [{"scope": "acada", "name": name, "bytes": 1, "adler32": "00000001"}]]


def _mended(job: Job) -> Iterator[Check]:
    """Check that a change by hand is changed back, and that undeclared objects stay and are listed."""
    local = {"read": 1, "write": 1, "delete": 1}
    protocol = {
        "hostname": "by-hand.site.org",
        "scheme": "root",
        "port": 1094,
        "prefix": "/",
        "impl": "x.Y",
        "domains": {"lan": local, "wan": local},
    }
    calls(
        job,
        ["add_account", "byhand", "USER", "by@hand.org"],
        ["add_scope", "byhand", "byhand"],
        ["add_rse", "BYHAND"],
        ["add_rse_attribute", "NORTH", "byhand", "yes"],
        ["add_protocol", "NORTH", protocol],
        ["set_local_account_limit", "dpps", "BYHAND", 5],
        ["update_account", "dpps", "email", "by@hand.org"],
        ["update_distance", "NORTH", "SOUTH", {"distance": 7}],
        ["set_rse_limits", "NORTH", "MinFreeSpace", 1],
        ["delete_rse_attribute", "NORTH", "tape"],
        ["delete_account_attribute", "dpps", "admin"],
        ["set_local_account_limit", "dpps", "NORTH", 1],
        ["update_rse", "SOUTH", {"volatile": True}],
        ["update_protocols", "NORTH", "davs", {"prefix": "/byhand"}, "north.site.org", 443],
    )
    drift = (
        "drift: account byhand is not declared",
        "drift: scope byhand is not declared",
        "drift: storage BYHAND is not declared",
        "drift: attribute of NORTH byhand is not declared",
        "drift: protocol of NORTH root://by-hand.site.org:1094 is not declared",
        "drift: limit of dpps at BYHAND is not declared",
    )
    yield job.run().ends(
        _NAME,
        "drift",
        *drift,
        "account dpps: email changed",
        "account dpps: attribute admin set",
        "storage SOUTH: volatile changed",
        "storage NORTH: prefix of protocol davs at north.site.org:443 changed",
        "storage NORTH: attribute tape set",
        "storage NORTH: limit MinFreeSpace set",
        "distance from NORTH to SOUTH: changed",
        "limit of dpps at NORTH: set",
        _DONE,
    )
    again = job.run()
    lines = {line for line in again.text.splitlines() if line}
    yield Check(_NAME, "drift is mended at once", lines == {*drift, _DONE}, again.text)


def _changed(job: Job) -> Iterator[Check]:
    """Check that a change of the stack file arrives."""
    yield job.run("changed").ends(
        _NAME,
        "a changed stack file",
        "scope acada: given to archive",
        "storage NORTH: protocol root at north.site.org:1094 added",
        "storage NORTH: prefix, domains of protocol davs at north.site.org:443 changed",
        "storage NORTH: attribute tape set",
        "storage WEST: added",
        "distance from NORTH to WEST: added",
        "limit of dpps at NORTH: set",
        _DONE,
    )
    yield job.run("changed").ends(_NAME, "a changed stack file, again", _DONE)


def _refused(job: Job) -> Iterator[Check]:
    """Check that refusals of the server are named, and everything else is done."""
    calls(job, ["delete_rse", "WEST"])
    gone = job.run("changed")
    yield gone.ends(_NAME, "a storage that was deleted", "storage WEST:", "deleted", refused=True)
    wrong = job.run("wrong")
    yield wrong.ends(_NAME, "a wrong password", "does not accept the password of root", refused=True)
    unknown = job.run("unknown")
    yield unknown.ends(_NAME, "an unknown authority", "certificate", refused=True)


def calls(job: Job, *calls: list[Any]) -> list[Any]:
    """Call methods of Rucio's client as the job's account, and return their answers."""
    return [
        json.loads(line)
        for line in output(job.root(), _CALLS, "python3", stdin=json.dumps(calls)).splitlines()
    ]
