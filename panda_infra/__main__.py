"""`python -m panda_infra`, for where the script `panda-infra` is not installed."""

from panda_infra.cli.app import main

main()
