"""What may be seen of text and addresses that strangers wrote: on a terminal, in a log, in a dead letter.

`visible` leaves nothing in a text that moves a cursor, reorders what is read or cannot be seen. `shown` cuts
secrets out of an address, `without_secrets` out of a text, `without_credentials` out of a whole message. All are pure
functions, and applying one twice changes nothing.
"""

from captionfleet_schemas.display.addresses import shown
from captionfleet_schemas.display.messages import without_credentials
from captionfleet_schemas.display.texts import without_secrets
from captionfleet_schemas.display.visible import shortened, visible, visible_json

__all__ = ["shortened", "shown", "visible", "visible_json", "without_credentials", "without_secrets"]
