"""Faults that the model did not report itself: no connection, no whole answer, no caption in it.

A call that broke off may have been paid for all the same: nothing of it can be resumed, so it is made again.
"""

from captionfleet_schemas import FailureCode as Code
from captionfleet_workers.model.catalogue.row import Fault, Verdict, row

# fmt: off
ROWS = (
    row("no_connection", "", Fault.CONNECT, "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Check the network and the model's base URL."),
    row("call_timeout", "", Fault.TIMEOUT, "",
        Verdict.RETRY_STREAMING, Code.MODEL_UNAVAILABLE, "Stream the answer, or send shorter audio."),
    row("connection_lost", "", Fault.LOST, "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Submit the job again later."),
    row("cut_stream", "", Fault.CUT_STREAM, "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Submit the job again later."),
    row("storage_refused", "", Fault.UPLOAD, "",
        Verdict.REROUTE, Code.MODEL_UNAVAILABLE, "Check that the model's storage can be reached.", tries=3),
    row("no_upload", "", Fault.NO_UPLOAD, "",
        Verdict.REROUTE, Code.MODEL_UNAVAILABLE, "Switch the temporary upload off."),
    row("no_address", "", Fault.NO_ADDRESS, "",
        Verdict.REROUTE, Code.MODEL_UNAVAILABLE, "Send the file itself."),
    row("unreadable_answer", "", Fault.UNREADABLE, "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Check that the base URL is the model's.", tries=3),
    row("empty_caption", "", Fault.EMPTY, "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Submit the job again later, or send longer audio.", tries=3),
    row("nothing_generated", "", Fault.NO_TOKENS, "",
        Verdict.RETRY, Code.MODEL_UNAVAILABLE, "Submit the job again later.", tries=3),
)
# fmt: on
