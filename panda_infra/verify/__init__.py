"""Smoke checks of a running stack: which there are, asking them, and the report."""
