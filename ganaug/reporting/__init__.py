"""Reports: a result as one self-contained page."""
