"""`python -m panda_infra`."""

from panda_infra.cli.app import app

app(prog_name="python -m panda_infra")
