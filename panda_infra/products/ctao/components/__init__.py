"""The components of CTAO's DPPS."""
