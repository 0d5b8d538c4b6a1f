"""PanDA: its components, its experiments, and the code that components share."""
