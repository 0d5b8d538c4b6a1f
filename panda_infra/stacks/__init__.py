"""Stack files on disk: finding, writing and encrypting them, the last through the Pulumi CLI alone."""
