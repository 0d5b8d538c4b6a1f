"""The objects of Argo CD itself: its manifests, with what the stack file says about it."""
