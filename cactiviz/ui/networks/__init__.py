"""The networks to choose among: those of the package, downloads, and a person's own."""
