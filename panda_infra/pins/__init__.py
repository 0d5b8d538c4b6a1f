"""Charts and images of a stack, pinned by their digests."""
