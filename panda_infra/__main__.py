"""`python -m panda_infra`."""

from panda_infra.cli.app import app
from panda_infra.cli.completion import run

run(app)
