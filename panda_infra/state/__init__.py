"""The engine's state of a stack after the last run."""
