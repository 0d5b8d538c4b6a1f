"""Clients for a pod that has nothing but the standard library; they import nothing else of the program."""
