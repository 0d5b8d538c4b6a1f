"""The Helm values of each release, by topic; none of them is secret."""
