"""What spans say, under the names of OpenTelemetry's conventions for messaging and for generative models.

The conventions know no name for the model's vendor or for a queue in Redis; these are our own.
"""

from urllib.parse import urlsplit

from opentelemetry.util.types import AttributeValue

from captionfleet_ledger import Claim, DeliveryClaim
from captionfleet_schemas import CaptionResult
from captionfleet_schemas.wire import LANE_QUEUES
from captionfleet_workers.errors import PermanentError, TransientError
from captionfleet_workers.model.errors import ModelCallError
from captionfleet_workers.model.port import Answer, ModelRequest
from captionfleet_workers.model_accounts import ModelAccount

Attributes = dict[str, AttributeValue]

PROVIDERS = {"openai": "alibaba_cloud", "dashscope": "alibaba_cloud", "vllm": "vllm"}
"""Who answers, by the dialect that is spoken."""


def of_claim(claim: Claim, broker_url: str) -> Attributes:
    """The message that brought the job, and which start of it this is."""
    return {
        "messaging.system": "redis" if broker_url.startswith("redis") else "rabbitmq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": LANE_QUEUES[claim.job.lane],
        "messaging.message.id": claim.lease.job_id,
        "captionfleet.job.id": claim.job.id,
        "captionfleet.attempt": claim.attempts,
    }


def of_outcome(outcome: CaptionResult) -> Attributes:
    """How a job ended."""
    found: dict[str, AttributeValue | None] = {
        "captionfleet.state": outcome.state.value,
        "captionfleet.model_calls": outcome.model_calls,
        "captionfleet.audio.seconds": outcome.audio.seconds if outcome.audio else None,
        "error.type": outcome.failure.code.value if outcome.failure else None,
    }
    return _given(found)


def of_request(request: ModelRequest, account: ModelAccount) -> Attributes:
    """A call of the model before it is answered."""
    found: dict[str, AttributeValue | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS[account.dialect],
        "gen_ai.request.model": request.model,
        "gen_ai.request.max_tokens": request.max_output_tokens,
        "gen_ai.output.type": "text",
        "server.address": urlsplit(account.base_url).hostname,
        "server.port": urlsplit(account.base_url).port,
        "captionfleet.account": account.name or None,
        "captionfleet.route": request.audio.route.value,
        "captionfleet.stream": request.stream,
    }
    return _given(found)


def of_answer(answer: Answer) -> Attributes:
    """What the answer says of itself."""
    found: dict[str, AttributeValue | None] = {
        "gen_ai.response.model": answer.model,
        "gen_ai.response.id": answer.request_id,
        "gen_ai.response.finish_reasons": [answer.finish_reason] if answer.finish_reason else None,
        "gen_ai.usage.input_tokens": answer.usage.input_tokens if answer.usage else None,
        "gen_ai.usage.output_tokens": answer.usage.output_tokens if answer.usage else None,
    }
    return _given(found)


def of_delivery(claim: DeliveryClaim) -> Attributes:
    """An attempt to deliver a webhook. Its address may carry a secret; the host it goes to does not."""
    return {
        "http.request.method": "POST",
        "server.address": urlsplit(claim.url).hostname or "",
        "captionfleet.job.id": claim.job_id,
        "captionfleet.event.id": claim.event_id,
        "captionfleet.attempt": claim.attempt,
    }


def error_type(error: Exception) -> str:
    """A few words of our own, never what somebody else's error says."""
    match error:
        case ModelCallError():
            return error.row.reason
        case PermanentError() | TransientError():
            return error.code.value
        case _:
            return type(error).__name__


def _given(found: dict[str, AttributeValue | None]) -> Attributes:
    return {name: value for name, value in found.items() if value is not None}
