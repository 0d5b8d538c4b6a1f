"""The objects of Argo CD itself: its manifests, with the settings of the stack file."""
