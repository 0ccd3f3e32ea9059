"""The account's limits: enforced when they are switched on, and measured always."""
