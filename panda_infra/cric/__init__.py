"""CRIC's lists as files: where a CRIC has them, what they would change, and putting them in place."""
