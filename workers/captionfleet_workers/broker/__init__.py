"""What a worker does at the broker: messages are read whatever they are, and what is sent must find a queue."""
