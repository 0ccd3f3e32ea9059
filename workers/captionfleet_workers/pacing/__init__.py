"""What one process knows of the service that all share: whether it answers, and whom a failed call speaks against."""
