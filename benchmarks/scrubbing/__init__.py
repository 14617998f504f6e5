"""How much of what a text must not tell is left after scrubbing, on a generated corpus."""
