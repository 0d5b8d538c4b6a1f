"""The command line `python -m panda_infra`: one module per noun, each command a few calls of the rooms below."""
