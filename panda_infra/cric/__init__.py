"""CRIC's lists as files: their addresses, their changes, and writing them."""
