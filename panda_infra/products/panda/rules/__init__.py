"""Rules that concern several of PanDA's components, one module for each topic."""
