"""Config and catalog become a Plan: exactly what will exist, decided without a cloud."""
