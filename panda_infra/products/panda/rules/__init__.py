"""The rules about what PanDA's components share, a module for each topic."""
