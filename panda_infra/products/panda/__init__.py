"""PanDA: its components, experiments, and what its components share."""
