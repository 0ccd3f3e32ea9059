"""Whose fault a failed attempt is: the job's, or that of the machine which worked on it."""

from captionfleet_workers.errors import MachineError, PermanentError, TransientError
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.health import Health
from captionfleet_workers.lifecycle.recognition import machine_fault, suspected_fault
from captionfleet_workers.model.catalogue import Fault
from captionfleet_workers.model.errors import ModelCallError

_LOST = "The spool has lost the audio of a job: somebody else cleans that folder."


def blamed_on_machine(error: Exception, health: Health, job_id: str, *, lost_audio: bool) -> MachineError | None:
    """The machine's fault behind what ended an attempt; None where it is the job's own, or its origin's or model's.

    What fails in a worker that stands aside says nothing of the job, save what the model has answered.
    """
    if isinstance(error, ModelCallError) and error.report.fault is None:
        return None
    found = (MachineFault.DISK_BROKEN, _LOST) if lost_audio else _found(error, health)
    if found is None or health.is_doubtful(job_id):
        return None
    fault, reason = found
    return MachineError(fault, reason)


def undelivered_by(error: Exception, health: Health) -> MachineFault | None:
    """The machine's fault behind a webhook that has not reached its receiver; None where it is the receiver's own."""
    return machine_fault(error) or (health.aside if suspected_fault(error) else None)


def own_fault(error: MachineError) -> TransientError:
    """What a job's attempt failed of, where it is the job that brings a machine down which is otherwise well."""
    return TransientError(error.message, code=error.otherwise)


def _found(error: Exception, health: Health) -> tuple[MachineFault, str] | None:
    certain = machine_fault(error) or health.aside
    if certain is not None:
        return certain, _sentence(error)
    suspected = MachineFault.NETWORK if _has_not_connected(error) else suspected_fault(error)
    if suspected is None:
        return None
    # A resolver that can open no socket says that there is no such name.
    for fault in (MachineFault.DESCRIPTORS, suspected):
        reason = health.confirms(fault)
        if reason is not None:
            return fault, reason
    return None


def _has_not_connected(error: Exception) -> bool:
    return isinstance(error, ModelCallError) and error.report.fault is Fault.CONNECT


def _sentence(error: Exception) -> str:
    return error.message if isinstance(error, MachineError | PermanentError | TransientError) else repr(error)
