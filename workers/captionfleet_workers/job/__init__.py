"""The life of one job in the worker: claim, fetch, inspect, fit, pace, call, settle."""
