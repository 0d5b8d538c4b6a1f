"""Places for files that outlive a pod, by the standard library; they import nothing else of the program."""
