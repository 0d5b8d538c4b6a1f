"""Makes a Plan from configuration and catalog: everything that will exist, computed without a cloud."""
