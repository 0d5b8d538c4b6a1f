"""Network policies of a stack: who connects to whom, as objects of Kubernetes and Cilium."""
