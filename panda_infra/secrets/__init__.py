"""The content of each Secret that the charts read, made from the configuration alone, and its secret values."""
