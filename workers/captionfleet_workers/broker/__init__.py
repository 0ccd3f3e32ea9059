"""What a worker does at the broker: kept channels, messages that must find a queue, and queues that nobody reads."""
