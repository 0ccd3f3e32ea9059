"""From the address in a request to decoded sound."""
