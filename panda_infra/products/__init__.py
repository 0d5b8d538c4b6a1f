"""What can be deployed: a folder per product, with a file per component."""
