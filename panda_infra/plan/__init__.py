"""Makes a Plan from configuration and products: everything that will exist, computed without a cloud."""
