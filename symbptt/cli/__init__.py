"""The command line. Nothing heavy is imported before a command runs."""

from .run import main

__all__ = ["main"]
