"""What all packages of ganaug share. Each file holds one thing and is imported by its own name."""
