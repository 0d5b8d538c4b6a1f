"""Rules about several components of CTAO's DPPS."""
