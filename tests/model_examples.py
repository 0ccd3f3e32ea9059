"""What the model really says, one or more examples for each row of the error catalogue: code, status and message.

The messages are the service's own, in the spellings of several generations of its pages.
"""

from dataclasses import dataclass

from captionfleet_workers.model.catalogue import ErrorReport


@dataclass(frozen=True, slots=True)
class Example:
    """One error as it comes over HTTP; `reason` is the row that must judge it."""

    reason: str
    status: int
    code: str | None
    message: str

    @property
    def report(self) -> ErrorReport:
        """The same as a report."""
        return ErrorReport(status=self.status, code=self.code, message=self.message)


BURST = (
    "Request rate increased too quickly. To ensure system stability, please adjust your client logic to scale requests "
    "more smoothly over time."
)
FREE_TIER = (
    "The free tier of the model has been exhausted. If you want to continue access the model on a paid basis, please "
    'disable the "use free tier only" mode in the management console.'
)
IO_TIMEOUT = (
    'I/O error on POST request for "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions": timeout'
)
ALGO = "<400> InternalError.Algo.InvalidParameter: "
PARAMETER = "invalid_parameter_error"
UNKNOWN_MODEL = "The model `qwen3` does not exist or you do not have access to it."
QUOTA = "You exceeded your current quota, please check your plan and billing details."
CAPACITY = "Too many requests. Your requests are being throttled due to system capacity limits. Please try again later."
BATCH_CAPACITY = "Too many requests. Batch requests are being throttled due to system capacity limits."
ENGINE = "An error occurred in model serving, error message is: [Request rejected by inference engine!]"
DURING = "An internal error has occured during algorithm execution."
INSPECTION_TIMEOUT = "Download the media resource timed out during the data inspection process."
INSPECTION_FAILED = "Unable to download the media resource during the data inspection process."
INSPECTION_MISSING = "Failed to find the requested media resource during the data inspection process."
INSPECTION_DENIED = "Don't have authorization to access the media resource during the data inspection process."
INSPECTION_FORMAT = "The media format is not supported or incorrect for the data inspection."

VLLM_CONTEXT = (
    "This model's maximum context length is 32768 tokens. However, you requested 35008 tokens (31208 in the messages, "
    "3800 in the completion). Please reduce the length of the messages or completion."
)
VLLM_PROMPT = (
    "The decoder prompt (length 33912) is longer than the maximum model length of 32768. Make sure that "
    "`max_model_len` is no smaller than the number of text tokens plus multimodal tokens."
)

ACCOUNT = (
    Example("arrearage", 400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    Example("arrearage", 400, None, "Access denied, please make sure your account is in good standing."),
    Example("commodity_not_purchased", 429, "CommodityNotPurchased", "Commodity has not purchased yet."),
    Example("prepaid_bill_overdue", 429, "PrepaidBillOverdue", "The prepaid bill is overdue."),
    Example("postpaid_bill_overdue", 429, "PostpaidBillOverdue", "The postpaid bill is overdue."),
    Example("free_tier_only", 403, "AllocationQuota.FreeTierOnly", FREE_TIER),
    Example("free_quota_exceeded", 429, "Throttling.AllocationQuota", "Free allocated quota exceeded."),
    Example("free_quota_exceeded", 429, "insufficient_quota", "Free allocated quota exceeded."),
    Example("plan_exhausted", 429, "insufficient_quota", "Your token-plan quota has been exhausted."),
    Example("invalid_api_key", 401, "InvalidApiKey", "Invalid API-key provided."),
    Example("invalid_api_key", 401, "invalid_api_key", "Incorrect API key provided."),
    Example("not_authorized", 401, "NOT AUTHORIZED", ""),
    Example("token_expired", 401, None, "invalid access token or token expired"),
    Example("policy_expired", 403, "AccessDenied", "Invalid according to Policy: Policy expired."),
    Example("wrong_calling_mode", 403, "AccessDenied", "Current user api does not support asynchronous calls."),
    Example("wrong_calling_mode", 403, "access_denied", "Current user api does not support synchronous calls."),
    Example(
        "not_activated", 403, "AccessDenied.Unpurchased", "Access to model denied. Please make sure you are eligible."
    ),
    Example("model_not_granted", 403, "Model.AccessDenied", "Model access denied."),
    Example("workspace_not_granted", 403, "Workspace.AccessDenied", "Workspace access denied."),
    Example("app_not_granted", 403, "App.AccessDenied", "App access denied."),
    Example("endpoint_not_granted", 403, "Endpoint.AccessDenied", "Workspace endpoint access denied"),
    Example("access_denied", 403, "AccessDenied", "Access denied."),
    Example("access_denied", 403, "access_denied", "Access denied."),
    Example("batch_model", 400, "model_not_found", "The model is not supported by the Batch API"),
    Example("model_not_found", 404, "ModelNotFound", "Model can not be found."),
    Example("model_not_found", 404, "model_not_found", UNKNOWN_MODEL),
    Example("model_not_supported", 404, "model_not_supported", "Unsupported model x for OpenAI compatibility mode."),
    Example("workspace_not_found", 404, "WorkSpaceNotFound", ""),
    Example("not_found", 404, "NotFound", ""),
)
THROTTLING = (
    Example("burst_rate", 429, "Throttling.BurstRate", BURST),
    Example("burst_rate", 429, "limit_burst_rate", BURST),
    Example("burst_rate", 500, None, BURST),
    Example("batch_capacity", 429, "Throttling.AllocationQuota", BATCH_CAPACITY),
    Example("concurrency", 429, "Throttling.Concurrency", "Too many concurrent requests."),
    Example("route_busy", 429, "Throttling", "Too many requests in route. Please try again later."),
    Example("request_rate", 429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    Example("request_rate", 429, "LimitRequests", "You exceeded your current requests list."),
    Example("request_rate", 429, "limit_requests", "You have exceeded your request limit."),
    Example("request_rate", 429, "ResourceExhausted", ""),
    Example("request_rate", 429, "Too many requests", ""),
    Example(
        "token_rate", 429, "Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit."
    ),
    Example("token_rate", 429, "insufficient_quota", QUOTA),
    Example("throttled", 429, "Throttling", "Requests throttling triggered."),
)
BAD_AUDIO = (
    Example("audio_empty", 400, "InvalidParameter", "The audio is empty"),
    Example("audio_empty", 400, PARAMETER, ALGO + "The audio is empty"),
    Example("audio_too_long", 400, PARAMETER, ALGO + "The audio is too long"),
    Example(
        "url_invalid", 400, PARAMETER, "The provided URL does not appear to be valid. Ensure it is correctly formatted."
    ),
    Example("inline_too_large", 400, PARAMETER, "Exceeded limit on max bytes per data-uri item : 10485760"),
    Example("inline_too_large", 400, "InvalidParameter", "Multimodal file size is too large"),
    Example("inline_too_large", 400, "BadRequest.TooLarge", "Payload Too Large"),
    Example("body_too_large", 413, None, "Request Entity Too Large"),
    Example("format_illegal", 400, "InvalidParameter", "The file format is illegal and cannot be opened"),
    Example("format_illegal", 400, PARAMETER, ALGO + "The audio format is illegal and cannot be opened"),
    Example("format_illegal", 400, "InvalidParameter.DataInspection", INSPECTION_FORMAT),
    Example("download_failed", 400, PARAMETER, ALGO + "Failed to download multimodal content"),
    Example("download_failed", 400, "InvalidParameter.DataInspection", INSPECTION_TIMEOUT),
    Example("download_failed", 400, "InvalidParameter.DataInspection", INSPECTION_FAILED),
    Example("media_not_found", 400, PARAMETER, INSPECTION_MISSING),
    Example("media_forbidden", 400, PARAMETER, INSPECTION_DENIED),
    Example("media_content_type", 400, PARAMETER, "Wrong Content-Type of multimodal url"),
    Example("media_content_length", 500, "internal_error", "Missing Content-Length of multimodal url."),
    Example("media_content_length", 500, "InternalError.Algo", "Missing Content-Length of multimodal url."),
    Example("moderated_output", 400, "data_inspection_failed", "Output data may contain inappropriate content."),
    Example("moderated_input", 400, "DataInspectionFailed", "Input data may contain inappropriate content."),
    Example("moderated_input", 400, None, "<400> InternalError.Algo.DataInspectionFailed: refused"),
    Example("ip_infringement", 400, "IPInfringementSuspect", ""),
    Example("custom_role_blocked", 400, "CustomRoleBlocked", ""),
    Example("faq_rule_blocked", 400, "FaqRuleBlocked", ""),
    Example("input_download", 400, "InvalidFile.DownloadFailed", ""),
    Example("input_download", 400, "InvalidURL.ConnectionRefused", ""),
    Example("input_download", 400, "InvalidURL.Timeout", ""),
    Example("input_download", 400, "BadRequest.InputDownloadFailed", ""),
    Example("other_models_length", 400, "InvalidURL", "The input audio is longer than 60s"),
    Example("other_models_length", 400, "InvalidFile.Duration", ""),
    Example("other_models_size", 400, "InvalidURL", "File size is larger than 15MB"),
    Example("other_models_size", 430, "FileSizeExceed", ""),
    Example("other_models_silence", 430, "Audio.AudioSilentError", ""),
    Example("other_models_silence", 400, "Audio.AudioShortError", ""),
    Example("other_models_format", 430, "Audio.DecoderError", ""),
    Example("other_models_format", 400, "BadRequest.UnsupportedFileFormat", ""),
)
BAD_REQUEST = (
    Example("stream_only", 400, PARAMETER, "This model only support stream mode, please enable the stream parameter."),
    Example("stream_only", 400, "InvalidParameter", "current user api does not support http call."),
    Example("stream_only", 400, PARAMETER, "'audio' output only support with stream=true"),
    Example("context_length", 400, "400", VLLM_CONTEXT),
    Example("context_length", 400, None, VLLM_PROMPT),
    Example("input_length", 400, PARAMETER, ALGO + "Range of input length should be [1, 32768]"),
    Example("output_limit", 400, PARAMETER, ALGO + "Range of max_tokens should be [1, 32768]"),
    Example("sampling", 400, "InvalidParameter", "Temperature should be in [0.0, 2.0)"),
    Example("sampling", 400, "invalid_value", "-1 is lesser than the minimum of 0 - 'seed'"),
    Example(
        "required_parameter", 400, "InvalidParameter", "Required parameter(model) missing or invalid, please check."
    ),
    Example("required_parameter", 400, PARAMETER, "Field required: input.messages"),
    Example("required_parameter", 400, PARAMETER, "The content field is a required field."),
    Example("body_invalid", 400, "InvalidParameter", "Required body invalid, please check the request body format."),
    Example("body_invalid", 400, PARAMETER, "[] is too short - 'messages'"),
    Example("body_invalid", 400, PARAMETER, "Either prompt or messages must exist and cannot both be none"),
    Example("roles_invalid", 400, PARAMETER, "The input messages do not contain elements with the role of user"),
    Example("roles_invalid", 400, "ServiceUnavailableError", "Role must be user or assistant and Content length > 0"),
    Example("part_invalid", 400, "InvalidParameter", "The item of content should be a message of a certain modal"),
    Example("part_invalid", 400, PARAMETER, ALGO + "Unexpected item type in content."),
    Example("model_missing", 400, "400-invalid_request_error", "you must provide a model parameter"),
    Example("model_missing", 400, None, "Model not exist."),
    Example("wrong_endpoint", 400, "InvalidParameter", "url error, please check url！"),  # noqa: RUF001  as it comes
    Example("parameter_unsupported", 400, "InvalidParameter.NotSupportEnableThinking", ""),
    Example("parameter_unsupported", 400, PARAMETER, "This model does not support enable_search."),
    Example("parameter_unsupported", 400, PARAMETER, "The tool call is not supported."),
    Example("voice_quota", 400, "Throttling.AllocationQuota", ""),
    Example("client_network", 400, "APIConnectionError", ""),
    Example("client_disconnect", 400, "ClientDisconnect", ""),
    Example("unsupported_operation", 400, "UnsupportedOperation", ""),
    Example("empty_request", 400, "BadRequest.EmptyInput", ""),
    Example("batch_file", 400, "mismatched_model", ""),
    Example("batch_file", 400, "duplicate_custom_id", ""),
    Example("conflict", 409, "Conflict", ""),
    Example("invalid_parameter", 400, "InvalidParameter", "Something that no page lists"),
)
SERVER = (
    Example("last_message_not_user", 500, "InternalError.Algo", "list index out of range"),
    Example("capacity", 500, "ModelServingError", CAPACITY),
    Example("capacity", 503, "ModelServingError", CAPACITY),
    Example("model_unavailable", 503, "ModelUnavailable", "Model is unavailable, please try again later."),
    Example("request_timeout", 500, "RequestTimeOut", "Request timed out, please try again later."),
    Example("request_timeout", 500, "internal_error", IO_TIMEOUT),
    Example("response_timeout", 500, "ResponseTimeout", "Response timeout!"),
    Example("async_timeout", 500, "InternalError.Timeout", ""),
    Example("upload_failed", 500, "InternalError.FileUpload", "oss upload error."),
    Example("upload_failed", 500, "InternalError.Upload", "Failed to upload result."),
    Example("system_error", 500, "SystemError", "An system error has occured, please try again later."),
    Example("service_failed", 500, "ModelServiceFailed", "Failed to request model service."),
    Example("inference_error", 500, "InternalError.Algo", "inference internal error."),
    Example("inference_error", 500, "InternalError.Algo", "Receive batching backend response failed!"),
    Example("inference_error", 500, "InternalError.Algo", "No backend server available"),
    Example("inference_error", 500, None, ENGINE),
    Example("inference_error", 500, None, DURING),
    Example("internal_error", 500, "InternalError", "An internal error has occurred, try again later."),
    Example("internal_error", 500, "internal_error", "Internal server error!"),
    Example("gateway", 502, None, "<html>Bad Gateway</html>"),
    Example("gateway", 504, None, ""),
    Example("gateway", 520, None, ""),
)
UNLISTED = (
    Example("unlisted_denial", 403, "Novelty", "never seen"),
    Example("unlisted_limit", 429, "Novelty", "never seen"),
    Example("unlisted_timeout", 408, None, ""),
    Example("unlisted_client_error", 418, "Novelty", "never seen"),
    Example("unlisted_server_error", 599, "Novelty", "never seen"),
    Example("unlisted_redirect", 302, None, ""),
)
EXAMPLES = (*ACCOUNT, *THROTTLING, *BAD_AUDIO, *BAD_REQUEST, *SERVER, *UNLISTED)
