"""Faults of the account or the configuration: 401, 403, 404, and bills, which come as 400, 403 or 429.

No call of the fleet can succeed until a person acts, so the calls stop and jobs wait, with no try used up.
"""

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Verdict, row

# fmt: off
ROWS = (
    row("arrearage", "", "arrearage", "account is in good standing",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Settle the account's overdue balance."),
    row("commodity_not_purchased", "", "commoditynotpurchased", "commodity has not purchased",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Purchase the service."),
    row("prepaid_bill_overdue", "", "prepaidbilloverdue", "prepaid bill is overdue",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Pay the prepaid bill."),
    row("postpaid_bill_overdue", "", "postpaidbilloverdue", "postpaid bill is overdue",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Pay the postpaid bill."),
    row("free_tier_only", "", "allocationquota.freetieronly", "free tier of the model has been exhausted",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Switch off `use free tier only` in the console."),
    row("free_quota_exceeded", "", "", "free allocated quota exceeded",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Activate paid use of the model: its free quota is gone."),
    row("plan_exhausted", "", "", "token-plan quota has been exhausted",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Extend the token plan, or wait for its next period."),

    row("invalid_api_key", "401", "invalidapikey | invalid_api_key", "api-key provided | api key provided",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Set a key of the base URL's own region, without stray spaces."),
    row("not_authorized", "401", "not authorized | not_authorized | notauthorized", "not authorized",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Use the endpoint of the key's own workspace."),
    row("token_expired", "401", "", "invalid access token or token expired",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Use the base URL that belongs to the plan of this key."),

    row("policy_expired", "403", "", "policy expired",
        Verdict.REROUTE, Code.MODEL_UNAVAILABLE, "Fetch a new upload policy before the upload.", tries=3),
    row("wrong_calling_mode", "403", "", "does not support asynchronous calls | does not support synchronous calls",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Remove the X-DashScope-Async header, or add it, as the message says."),
    row("not_activated", "403", "accessdenied.unpurchased", "access to model denied",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Activate the model's service in the console."),
    row("model_not_granted", "403", "model.accessdenied", "model access denied",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Grant the key's workspace the right to call the model."),
    row("workspace_not_granted", "403", "workspace.accessdenied", "workspace access denied",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Use a key of a workspace that may be called."),
    row("app_not_granted", "403", "app.accessdenied", "app access denied",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Grant the key's workspace access to the app."),
    row("endpoint_not_granted", "403", "endpoint.accessdenied", "workspace endpoint access denied",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Use the endpoint of the key's own workspace."),
    row("access_denied", "403", "accessdenied | access_denied", "access denied",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Check that the model is online and the account may call it."),

    row("batch_model", "400 | 404", "", "not supported by the batch api",
        Verdict.FAIL, Code.MODEL_REJECTED, "Call the model directly; it takes no batch files."),
    row("model_not_found", "404", "modelnotfound | model_not_found", "model can not be found | does not exist",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Check the model's name and that it is offered in this region."),
    row("model_not_supported", "404", "model_not_supported", "for openai compatibility mode",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Call this model through the native interface."),
    row("workspace_not_found", "404", "workspacenotfound", "workspace not found",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Check the workspace in the base URL."),
    row("not_found", "404", "notfound", "",
        Verdict.PAUSE, Code.MODEL_UNAVAILABLE, "Check the base URL."),
)
# fmt: on
