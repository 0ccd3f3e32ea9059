"""The end of a process whose machine stays unfit for work."""

import os
from collections.abc import Callable

import structlog

from captionfleet_workers.lifecycle.faults import POLICIES
from captionfleet_workers.lifecycle.standing import Aside

log = structlog.get_logger()

EXIT_STATUS = 71
"""EX_OSERR of sysexits.h: the operating system lacks something."""


def giving_up(hand_back: Callable[[str | None], None]) -> Callable[[Aside], None]:
    """What ends the process: it says why, hands its jobs back (`hand_back`), and exits."""

    def give_up(aside: Aside) -> None:
        policy = POLICIES[aside.fault]
        log.critical(
            "worker.gives_up", fault=aside.fault, means=policy.means, remedy=policy.remedy, reason=aside.reason
        )
        try:
            hand_back(None)
        except Exception:
            # Leases that could not be handed back run out by themselves.
            log.exception("worker.could_not_hand_back")
        finally:
            # Threads that are blocked in calls cannot be ended, and the interpreter would wait for them.
            os._exit(EXIT_STATUS)

    return give_up
