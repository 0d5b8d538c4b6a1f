"""OpenStack: the calls that the program makes, and how it logs in."""
