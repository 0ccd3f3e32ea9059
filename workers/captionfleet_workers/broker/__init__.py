"""Messages as they come from the broker: read whatever they are, and put aside with the reason if no worker can."""
