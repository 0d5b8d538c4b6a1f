"""Real nodes of a bed, on which pods run."""
