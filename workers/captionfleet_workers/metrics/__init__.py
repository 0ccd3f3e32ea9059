"""What a process counts, for Prometheus. No label ever names a job, a tenant or an address."""

from captionfleet_workers.metrics.families import Metrics
from captionfleet_workers.metrics.serving import serving

__all__ = ["Metrics", "serving"]
