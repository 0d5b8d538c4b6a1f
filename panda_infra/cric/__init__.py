"""CRIC's lists as they come from a CRIC: asked for, compared with the present files, and put in their place."""
