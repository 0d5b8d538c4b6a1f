"""What may be asked for: typed models of a stack file, loading, every error at once."""
