"""Speed and memory, as ratios to a yardstick that is measured in the same run: `make bench`."""
