"""CTAO's DPPS: Rucio and what it needs, its components, and the code that they share."""
