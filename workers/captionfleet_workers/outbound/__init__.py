"""All outbound HTTP of the workers: which addresses may be reached, and the clients that keep to it."""

from captionfleet_workers.outbound.addresses import AddressPolicy, ForbiddenAddressError
from captionfleet_workers.outbound.clients import guarded_client, model_http_client, tls_context
from captionfleet_workers.outbound.deadline import deadline

__all__ = ["AddressPolicy", "ForbiddenAddressError", "deadline", "guarded_client", "model_http_client", "tls_context"]
