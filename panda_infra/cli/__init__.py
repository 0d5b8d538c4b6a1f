"""The command line `python -m panda_infra`: one module per command or noun; the packages below do the work."""
