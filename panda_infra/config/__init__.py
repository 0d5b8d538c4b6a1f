"""Typed models of a stack file, and its loading, which reports every error at once."""
