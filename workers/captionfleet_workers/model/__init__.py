"""Calling the model: a port, its dialects, and what every refusal means."""
