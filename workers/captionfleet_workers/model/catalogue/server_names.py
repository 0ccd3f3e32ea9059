"""The names by which servers of one's own call an error's kind, each with the status that it comes with.

They are what a result may repeat of such a server, beside numbers: whatever else it writes there may be anything.
"""

STATUS_OF_NAME = {
    # vLLM (`create_error_response`, 0.26 and later; commit 1c6ebf2) and SGLang, which names them likewise.
    "badrequesterror": 400,
    "unprocessableentityerror": 422,
    "notfounderror": 404,
    "notimplementederror": 501,
    "internalservererror": 500,
    "serviceunavailableerror": 503,
    # llama.cpp (`format_error_response`, commit 006639c).
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "not_supported_error": 501,
    "unavailable_error": 503,
    "server_error": 500,
    "exceed_context_size_error": 400,
    # LiteLLM, as its users quote it (2026).
    "budget_exceeded": 400,
    "no_db_connection": 400,
    "auth_error": 401,
    "token_not_found_in_db": 401,
    "key_model_access_denied": 401,
}
"""Lower-case names. An answer's own status, or a number in its `code`, says more."""
