"""The command line, `captionfleet`. One file for each command; heavy imports wait until a command needs them."""

from captionfleet_producers.cli.program import main

__all__ = ["main"]
