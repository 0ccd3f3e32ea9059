"""The compose file and the Helm chart, read as their engines read them."""
