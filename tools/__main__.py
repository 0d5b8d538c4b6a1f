"""`python -m tools`: build, inspect and use the toolchain."""

import argparse
import shlex
import sys
from collections.abc import Sequence

from tools import doctor, roots, toolchain, venv
from tools.errors import ToolsError
from tools.parts import PARTS
from tools.prune import prune

DEFAULT = f"if none, all but {', '.join(part.name for part in PARTS.values() if part.on_demand)}"


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    main = argparse.ArgumentParser(prog="python -m tools", description=__doc__)
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build what is neither on PATH nor in the cache")
    commands.add_parser(
        "doctor",
        help="show each tool with its place and origin, and whether Pulumi is official or built here",
    )
    env = commands.add_parser("env", help='print the tools\' environment, for eval "$(python -m tools env)"')
    for command in (build, env):
        command.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; {DEFAULT}")
    commands.add_parser("venv", help="make the virtualenv with the locked packages and link .venv to it")
    lock = commands.add_parser("lock-images", help="pin the packages of the images in tools/images.py anew")
    lock.add_argument(
        "--uv", default=str(venv.LINK / "bin" / "uv"), help="the uv that resolves Python packages"
    )
    commands.add_parser("prune", help="remove from the cache what the present pins do not use")
    return main


def run(arguments: argparse.Namespace) -> int:
    """Run a command and return its exit code."""
    match arguments.command:
        case "build":
            toolchain.ensure(arguments.parts)
        case "doctor":
            rows = doctor.examine()
            print(doctor.table(rows), doctor.verdict(rows), sep="\n\n")
            return 0 if doctor.ready(rows) else 1
        case "env":
            for name, value in toolchain.ensure(arguments.parts).environment().items():
                print(f"export {name}={shlex.quote(value)}")
        case "venv":
            folder = venv.ensure(venv.LOCK, "main", toolchain.to_stderr)
            venv.write_scripts(folder)
            venv.link(folder)
        case "lock-images":
            roots.write_locks(arguments.uv)
        case "prune":
            prune(toolchain.to_stderr)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Parse and run; print an error as one message."""
    try:
        return run(parser().parse_args(argv))
    except ToolsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
