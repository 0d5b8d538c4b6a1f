"""Rucio's own software reads what the stack of DPPS makes: its jobs and its server."""
