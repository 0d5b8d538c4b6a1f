"""The content of each Secret that the charts read, from the configuration alone, and what it is made of."""
