"""`secrets`: sets, audits, renews and renders the secrets of a stack."""
