"""Resources of the cluster itself: an existing one or Magnum's, node labels, LanDB aliases, ingress settings."""
