"""Faults by rule, switched on while the emulator runs."""
