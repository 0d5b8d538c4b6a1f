"""``python -m testbed``: start, stop and look at instances of the test bed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from testbed import bed as beds
from testbed import charts as chart_folders
from testbed import instances, local
from testbed import status as statuses
from testbed.errors import BedError
from testbed.openstack_bed import bed as clouds
from testbed.real.network import MOST
from tools.errors import ToolsError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

Name = Annotated[str, typer.Argument(help="Which instance.")]

Originals = Annotated[
    bool,
    typer.Option(
        "--originals", help="Let real nodes fetch every pod's own image from the internet, and run all pods."
    ),
]
Real = Annotated[int, typer.Option(min=0, max=MOST, help="How many nodes on which pods really run.")]


@app.command()
def up(
    charts: Annotated[
        Path | None, typer.Option(help="A checkout of the real charts, to deploy those in its folder `helm`.")
    ] = None,
    real: Real = 0,
    originals: Originals = False,
) -> None:
    """Deploy the stack `local`, every component of it, on an instance of the same name."""
    workspace = local.up(charts, real, originals=originals)
    print(f"project folder, state and passphrase of the stack: {workspace.folder}")


@app.command()
def down() -> None:
    """Destroy the stack `local` and remove its instance with all that it has written."""
    local.down()


@app.command()
def start(  # noqa: PLR0917 - options
    name: Name = "local",
    nodes: Annotated[int, typer.Option(min=0, help="How many worker nodes.")] = 4,
    charts: Annotated[
        list[Path] | None, typer.Option(help="A chart, or a folder of charts, to publish.")
    ] = None,
    cluster: Annotated[str, typer.Option(help="What the nodes' names begin with.")] = "panda-local",
    real: Real = 0,
    originals: Originals = False,
    openstack: Annotated[bool, typer.Option("--openstack", help="With a real OpenStack beside it.")] = False,
) -> None:
    """Start an instance: control plane, nodes, volumes, OCI registry, and OpenStack if asked for."""
    began = time.monotonic()
    folders = [chart for folder in charts or () for chart in chart_folders.find(folder)]
    bed = instances.start(name, nodes=nodes, charts=folders, cluster=cluster, real=real, originals=originals)
    print(f"{bed.name}: ready after {time.monotonic() - began:.1f} s")
    print(f"export KUBECONFIG={bed.kubeconfig}")
    print(f"charts: {bed.chart_repository}")
    if openstack:
        environment = clouds.start(bed.state).environment()
        print(f"{bed.name}: OpenStack ready after {time.monotonic() - began:.1f} s")
        for variable, value in environment.items():
            print(f"export {variable}={value}")


@app.command()
def stop(name: Name = "local") -> None:
    """Stop an instance and remove all that it has written."""
    instances.stop(name)
    print(f"{name}: stopped")


@app.command()
def status(name: Name = "local") -> None:
    """Show an instance; exit code 1 when a process has died or a pod refers to what does not exist."""
    bed = beds.find(name)
    if bed is None:
        raise BedError(f"test bed {name}: is not running; `python -m testbed start {name}` starts it")
    found = statuses.of(bed)
    _show(found)
    raise typer.Exit(0 if found.is_healthy else 1)


def main() -> None:
    """Run the command line; a refusal of the test bed ends in one message."""
    try:
        app(prog_name="python -m testbed")
    except (BedError, ToolsError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def _show(found: statuses.Status) -> None:
    """Print one unwrapped line for each fact, so that scripts can search it."""
    bed = found.bed
    for part, pid in bed.pids.items():
        dead = part in found.dead
        _line(part, f"ended, see {bed.state / 'log' / part}.log" if dead else f"pid {pid}", bad=dead)
    _line("kubeconfig", str(bed.kubeconfig))
    _line("charts", bed.chart_repository)
    _line("logs", str(bed.state / "log"))
    for node, ready in found.nodes.items():
        _line("node", f"{node}: {'ready' if ready else 'not ready'}", bad=not ready)
    for condition, count in sorted(found.pods.items()):
        _line("pods, simulated", f"{count} {condition}")
    for pod, condition in sorted(found.running.items()):
        _line("pod, running", f"{pod}: {condition}")
    for missing in found.missing:
        _line("missing", str(missing), bad=True)


def _line(label: str, text: str, *, bad: bool = False) -> None:
    typer.secho(f"{label:<24} {text}", fg=typer.colors.RED if bad else None)
