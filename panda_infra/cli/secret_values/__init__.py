"""`secrets`: what is secret in a stack, set, audited, renewed and looked at."""
