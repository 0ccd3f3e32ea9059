"""What one job went through, as spans of one trace. No attribute holds a caption, a prompt or an address of audio."""

from captionfleet_workers.tracing.exporting import tracer_of
from captionfleet_workers.tracing.traces import Traces

__all__ = ["Traces", "tracer_of"]
