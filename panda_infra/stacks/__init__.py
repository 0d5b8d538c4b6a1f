"""Stack files on disk: finds, writes and encrypts them; only the Pulumi CLI encrypts."""
