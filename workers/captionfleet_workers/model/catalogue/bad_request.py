"""Requests that the model would not read: the rest of 400, and the odd 4xx.

What only a setting can cause pauses the fleet; what one request can cause fails that job, and is a bug of ours.
"""

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Verdict, row

_BUG = "This is a fault of captionfleet's: please report it with the message."

# fmt: off
ROWS = (
    row("stream_only", "400", "",
        "only support stream mode | only support with stream=true | does not support http call",
        Verdict.RETRY_STREAMING, Code.MODEL_REJECTED, "Ask for a streamed answer."),
    row("input_length", "400", "", "range of input length should be",
        Verdict.SPLIT, Code.AUDIO_TOO_LONG, "Cut the audio, or shorten the prompt."),
    row("output_limit", "400", "", "range of max_tokens should be",
        Verdict.PAUSE, Code.MODEL_REJECTED, "Lower the setting for output tokens to the model's maximum."),
    row("sampling", "400", "invalid_value | 400-invalid_request_error-invalid_value",
        "temperature | top_p | top_k | repetition_penalty | presence_penalty | range of n | range of seed",
        Verdict.PAUSE, Code.MODEL_REJECTED, "Set the sampling parameters within the documented ranges."),
    row("required_parameter", "400", "",
        "required parameter | missing or invalid | field required | content field is a",
        Verdict.FAIL, Code.MODEL_REJECTED, _BUG),
    row("body_invalid", "400", "", "required body invalid | [] is too short | either prompt or messages must exist",
        Verdict.FAIL, Code.MODEL_REJECTED, _BUG),
    row("roles_invalid", "400", "serviceunavailableerror",
        "do not contain elements with the role of user | role must be user or assistant",
        Verdict.FAIL, Code.MODEL_REJECTED, _BUG),
    row("part_invalid", "400", "",
        "item of content should be a message of a certain modal | unexpected item type in content",
        Verdict.FAIL, Code.MODEL_REJECTED, _BUG),
    row("model_missing", "400", "", "must provide a model parameter | model not exist",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Set the model's name."),
    row("wrong_endpoint", "400", "", "url error, please check url",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Set the base URL of the multimodal interface."),
    row("parameter_unsupported", "400", "invalidparameter.notsupportenablethinking",
        "does not support enable_ | tool call is not supported",
        Verdict.PAUSE, Code.MODEL_REJECTED, "Remove the parameter that the model does not know."),
    row("voice_quota", "400", "throttling.allocationquota", "",
        Verdict.FAIL, Code.MODEL_REJECTED, "A quota for voices or hot words is used up."),
    row("client_network", "400", "apiconnectionerror", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Check the proxy between the fleet and the model."),
    row("client_disconnect", "400", "clientdisconnect", "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Check the network between the fleet and the model."),
    row("unsupported_operation", "400", "unsupportedoperation", "",
        Verdict.FAIL, Code.MODEL_REJECTED, _BUG),
    row("empty_request", "400",
        "badrequest.emptyinput | badrequest.emptyparameters | badrequest.emptymodel | badrequest.illegalinput", "",
        Verdict.FAIL, Code.MODEL_REJECTED, _BUG),
    row("batch_file", "400", "mismatched_model | duplicate_custom_id", "",
        Verdict.FAIL, Code.MODEL_REJECTED, "Call the model directly; it takes no batch files."),
    row("conflict", "409", "conflict", "",
        Verdict.FAIL, Code.MODEL_REJECTED, "The resource is in another state than the request expects."),
    row("invalid_parameter", "400",
        "invalidparameter | invalidparameter.datainspection | internalerror.algo.invalidparameter"
        " | invalid_parameter_error | invalid_request_error", "",
        Verdict.FAIL, Code.MODEL_REJECTED, "See the message.", known=False),
)
# fmt: on
