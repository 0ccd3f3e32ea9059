"""Fit audio to the model's limits: decisions about values, without any effect."""

from captionfleet_workers.fit.decide import plan
from captionfleet_workers.fit.policy import FitPlan, FitPolicy
from captionfleet_workers.fit.steps import inline_chars

__all__ = ["FitPlan", "FitPolicy", "inline_chars", "plan"]
