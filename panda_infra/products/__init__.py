"""The products that can be deployed: a folder per product, with a file per component."""
