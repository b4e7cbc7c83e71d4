"""The version, in a file of its own: nobody has to import the root of the package for it."""

__version__ = "0.1.0"
