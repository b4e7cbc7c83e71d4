"""What every room uses: each file one named thing, imported by its own name."""
