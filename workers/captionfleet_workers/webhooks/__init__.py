"""Signed webhooks: one attempt at a time, each on record."""
