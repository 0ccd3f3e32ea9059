"""The chart under the helm that people run, in its two major versions: `make helm`."""
