"""The rules over a stack's configuration, a module for each topic."""
