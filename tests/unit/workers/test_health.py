"""Stepping aside and coming back, by a clock that stands until it is moved."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from captionfleet_schemas import FailureCode, Route
from captionfleet_workers.errors import AudioUnavailableError, MachineError, PermanentError
from captionfleet_workers.lifecycle.blame import blamed_on_machine, own_fault, undelivered_by
from captionfleet_workers.lifecycle.consuming import left_alone
from captionfleet_workers.lifecycle.faults import MachineFault
from captionfleet_workers.lifecycle.health import FALSE_ALARMS, FRESH_SECONDS, Health
from captionfleet_workers.lifecycle.standing import PAUSES, Aside, Back, GiveUp, after_check, stepped_aside
from captionfleet_workers.model.catalogue import ErrorReport, Fault, judge
from captionfleet_workers.model.errors import ModelCallError

LIMIT = 600.0
QUEUES = ("captions", "captions.bulk", "captionfleet.deliveries")


@dataclass
class Machine:
    """A machine that can be broken, and the health of a worker on it."""

    now: float = 1000.0
    broken: set[MachineFault] = field(default_factory=set[MachineFault])
    checked: list[MachineFault] = field(default_factory=list[MachineFault])
    relieved: list[str] = field(default_factory=list[str])
    given_up: list[MachineFault] = field(default_factory=list[MachineFault])

    def __post_init__(self) -> None:
        self.health = Health(
            {fault: self._check_of(fault) for fault in MachineFault},
            relief={MachineFault.DESCRIPTORS: lambda: self.relieved.append("descriptors")},
            limit=LIMIT,
            clock=lambda: self.now,
        )

    def _check_of(self, fault: MachineFault) -> Callable[[], None]:
        def check() -> None:
            self.checked.append(fault)
            if fault in self.broken:
                raise OSError(f"{fault} is broken")

        return check

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the checks that are due be made."""
        self.now += seconds
        self.health.check()


@pytest.fixture
def machine() -> Machine:
    """One that is well."""
    return Machine()


def model_error(report: ErrorReport) -> ModelCallError:
    """A failed call."""
    return ModelCallError(judge(report), report, route=Route.INLINE)


def blame(machine: Machine, error: Exception, job_id: str = "job-1") -> MachineFault | None:
    """Which fault of the machine an error is put down to."""
    found = blamed_on_machine(error, machine.health, job_id, lost_audio=False)
    return found.fault if found else None


def test_pauses_between_checks_grow() -> None:
    """A fault that stays is looked at less and less often, and never less than every 15 seconds."""
    aside = stepped_aside(MachineFault.NETWORK, "cut off", "", now=0.0)
    waits = [aside.due]
    for _ in range(6):
        decision = after_check(aside, "still", now=aside.due, limit=LIMIT)
        assert isinstance(decision, Aside)
        waits.append(decision.due - aside.due)
        aside = decision

    assert waits == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    assert waits[: len(PAUSES)] == list(PAUSES)


@pytest.mark.parametrize("fault", list(MachineFault))
def test_end_of_patience(fault: MachineFault) -> None:
    """A machine that stays broken ends its worker; a network that is away is waited for."""
    aside = stepped_aside(fault, "no", "", now=0.0)

    decision = after_check(aside, "still", now=LIMIT, limit=LIMIT)

    assert isinstance(decision, GiveUp) is (fault not in {MachineFault.NETWORK, MachineFault.DNS})
    assert after_check(aside, None, now=LIMIT, limit=LIMIT) == Back()


def test_aside_until_the_check_passes(machine: Machine) -> None:
    """The worker is back with the first check that passes, and not before."""
    machine.broken.add(MachineFault.DISK_FULL)
    machine.health.step_aside(MachineFault.DISK_FULL, "no room")
    machine.pass_time(1.0)
    between = machine.health.aside
    machine.broken.clear()
    machine.pass_time(1.9)
    early = machine.health.aside
    machine.pass_time(0.1)

    assert (between, early, machine.health.aside) == (MachineFault.DISK_FULL, MachineFault.DISK_FULL, None)


def test_two_faults_at_a_time(machine: Machine) -> None:
    """The worker is back when the last of them is gone."""
    machine.broken.add(MachineFault.NETWORK)
    machine.health.step_aside(MachineFault.DISK_FULL, "no room")
    machine.health.step_aside(MachineFault.NETWORK, "cut off")
    machine.pass_time(1.0)

    assert (machine.health.has(MachineFault.DISK_FULL), machine.health.aside) == (False, MachineFault.NETWORK)


def test_relief_comes_at_once_and_once(machine: Machine) -> None:
    """Spare descriptors are let go by the first who has none."""
    for _ in range(3):
        machine.health.step_aside(MachineFault.DESCRIPTORS, "no more")

    assert machine.relieved == ["descriptors"]


def test_giving_up(machine: Machine) -> None:
    """After its limit the process is given up, for the fault that has stayed."""
    given_up: list[MachineFault] = []
    machine.health.start(lambda aside: given_up.append(aside.fault))
    machine.health.stop()
    machine.broken.add(MachineFault.MEMORY)
    machine.health.step_aside(MachineFault.MEMORY, "none")
    machine.pass_time(LIMIT)

    assert given_up == [MachineFault.MEMORY]


def test_what_is_left_alone(machine: Machine) -> None:
    """Jobs always; deliveries only where they would fail of the same."""
    well = left_alone(machine.health, QUEUES)
    machine.health.step_aside(MachineFault.DISK_FULL, "no room")
    without_disk = left_alone(machine.health, QUEUES)
    machine.health.step_aside(MachineFault.DESCRIPTORS, "no more")

    assert [set(well), set(without_disk)] == [set(), {"captions", "captions.bulk"}]
    assert set(left_alone(machine.health, QUEUES)) == set(QUEUES)


def test_failure_of_a_worker_that_stands_aside_is_not_the_jobs(machine: Machine) -> None:
    """What a sick worker says of audio is not believed; what the model has answered is."""
    damaged = PermanentError(FailureCode.AUDIO_DAMAGED, "it cannot be decoded")
    answered = model_error(ErrorReport(status=400, message="no"))
    before = blame(machine, damaged)
    machine.health.step_aside(MachineFault.MEMORY, "none")

    assert (before, blame(machine, damaged), blame(machine, answered)) == (None, MachineFault.MEMORY, None)


def test_suspicion_is_checked(machine: Machine) -> None:
    """A refused connection is the other side's fault while the model can be reached, and else the network's."""
    error = model_error(ErrorReport(fault=Fault.CONNECT, message="refused"))
    well = blame(machine, error)
    machine.broken.add(MachineFault.NETWORK)
    machine.now += FRESH_SECONDS

    assert (well, blame(machine, error)) == (None, MachineFault.NETWORK)


def test_resolver_without_sockets(machine: Machine) -> None:
    """With no socket to ask by, the resolver says that a name does not exist: that is looked at first."""
    machine.broken.add(MachineFault.DESCRIPTORS)

    assert blame(machine, model_error(ErrorReport(fault=Fault.CONNECT))) is MachineFault.DESCRIPTORS


def test_many_who_ask_share_an_answer(machine: Machine) -> None:
    """64 jobs that fail at once make one check."""
    for _ in range(64):
        machine.health.confirms(MachineFault.NETWORK)

    assert machine.checked == [MachineFault.NETWORK]


def test_lost_audio_is_the_machines_fault(machine: Machine) -> None:
    """Whatever a step says that found no file."""
    found = blamed_on_machine(FileNotFoundError(), machine.health, "job-1", lost_audio=True)

    assert found is not None
    assert found.fault is MachineFault.DISK_BROKEN


def test_job_that_brings_down_a_machine_that_is_well_is_itself_at_fault(machine: Machine) -> None:
    """Each time the check passes at once: after some such times the job's tries count again, and others' do not."""
    error = MachineError(MachineFault.CHILD, "it was killed", otherwise=FailureCode.AUDIO_DAMAGED)
    for _ in range(FALSE_ALARMS):
        assert blame(machine, error, "bomb") is MachineFault.CHILD
        machine.health.step_aside(MachineFault.CHILD, "it was killed", "bomb")
        machine.pass_time(1.0)

    assert (blame(machine, error, "bomb"), blame(machine, error, "other")) == (None, MachineFault.CHILD)
    assert own_fault(error).code is FailureCode.AUDIO_DAMAGED


def test_job_that_met_a_fault_is_not_doubted(machine: Machine) -> None:
    """A check that has failed shows that it was the machine."""
    machine.broken.add(MachineFault.CHILD)
    for _ in range(FALSE_ALARMS + 1):
        machine.health.step_aside(MachineFault.CHILD, "it was killed", "job-1")
        machine.pass_time(1.0)
        machine.broken.clear()
        machine.pass_time(2.0)
        machine.broken.add(MachineFault.CHILD)

    assert not machine.health.is_doubtful("job-1")


def test_deliveries_fail_of_the_receiver_while_the_network_is_there(machine: Machine) -> None:
    """An answer that does not come is the receiver's in any case."""
    refused = ConnectionRefusedError(111, "refused")
    well = undelivered_by(refused, machine.health)
    machine.health.step_aside(MachineFault.NETWORK, "cut off")

    assert (well, undelivered_by(refused, machine.health)) == (None, MachineFault.NETWORK)
    assert undelivered_by(AudioUnavailableError("late"), machine.health) is None
