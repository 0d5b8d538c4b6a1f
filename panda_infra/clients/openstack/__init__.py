"""OpenStack: the calls that the program makes, and the log-in."""
