"""Pictures of a Plan: components in the order of deployment, with their hosts and Secrets."""
