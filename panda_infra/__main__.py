"""Run the command line by `python -m panda_infra`."""

from panda_infra.cli.app import PROGRAM, app

app(prog_name=PROGRAM)
