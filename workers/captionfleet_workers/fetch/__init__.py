"""Bring an audio reference to the local disk."""

from captionfleet_workers.fetch.dispatch import fetch
from captionfleet_workers.fetch.policy import Fetched, FetchPolicy, Origin, Reference

__all__ = ["FetchPolicy", "Fetched", "Origin", "Reference", "fetch"]
