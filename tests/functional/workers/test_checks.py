"""The checks that bring a worker back, against the real machine."""

import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from captionfleet_workers.lifecycle import checks
from captionfleet_workers.lifecycle.preflight import UnfitMachineError
from captionfleet_workers.lifecycle.spare import SPARE, SpareDescriptors
from captionfleet_workers.lifecycle.threads import start_all
from captionfleet_workers.media.child import Children
from captionfleet_workers.outbound import tls_context
from tests.descriptors import how_many_free, lowest_free, no_more_files
from tests.origins import serving
from tests.servers import free_port

TLS = tls_context()


@pytest.mark.parametrize(
    "check", [checks.check_descriptors, checks.check_memory, checks.check_threads, Children().check]
)
def test_machine_that_is_well(check: Callable[[], None]) -> None:
    """Here all of these pass, and leave nothing open."""
    check()
    before = lowest_free()
    check()

    assert lowest_free() == before


def test_disk(tmp_path: Path) -> None:
    """It can be written, a folder that was removed is made again, and no probe stays."""
    folder = tmp_path / "spool"
    checks.check_disk(folder, min_free=0)

    assert not list(folder.iterdir())
    with pytest.raises(checks.UnfitError, match="are to stay so"):
        checks.check_disk(folder, min_free=1 << 62)


def test_disk_that_is_no_folder(tmp_path: Path) -> None:
    """What cannot be written does not pass."""
    (tmp_path / "spool").touch()

    assert checks.failure_of(partial(checks.check_disk, tmp_path / "spool", 0))


def test_descriptors() -> None:
    """With none left it does not pass, and those that it got are closed again."""
    with no_more_files(soft=lowest_free() + 5):
        failure = checks.failure_of(checks.check_descriptors)
        lowest_free()

    assert failure is not None
    assert "Too many open files" in failure


def test_spare_descriptors() -> None:
    """They can be had when there are no others, and are taken back when there are."""
    spare = SpareDescriptors()
    spare.take()
    limit = lowest_free()
    with no_more_files(soft=limit):
        with pytest.raises(OSError, match="Too many open files"):
            lowest_free()
        spare.release()
        assert how_many_free(below=limit) == SPARE
        spare.take()
        spare.take()
        with pytest.raises(OSError, match="Too many open files"):
            lowest_free()
    spare.release()


def test_model_is_reached_without_being_asked() -> None:
    """A connection is enough: the check costs no call."""
    with serving({}) as site:
        checks.check_connections([f"http://127.0.0.1:{free_port()}/v1", site.url("/v1")], TLS)

        assert site.seen == []


@pytest.mark.parametrize("urls", [["http://model.invalid/v1"], ["http://one.invalid/v1", "https://two.invalid/v1"]])
def test_names_that_do_not_resolve(urls: list[str]) -> None:
    """One of several names is enough; none is not."""
    assert checks.failure_of(partial(checks.check_names, urls))
    checks.check_names([*urls, "http://127.0.0.1/v1"])


def test_nobody_listens() -> None:
    """The reason names the host."""
    with pytest.raises(checks.UnfitError, match=r"127\.0\.0\.1: ConnectionRefusedError"):
        checks.check_connections([f"http://127.0.0.1:{free_port()}/v1"], TLS)


def test_what_speaks_no_tls() -> None:
    """A port that answers is not enough where TLS is spoken."""
    with serving({}) as site:
        failure = checks.failure_of(
            partial(checks.check_connections, [site.url("/v1").replace("http:", "https:")], TLS)
        )

    assert failure is not None
    assert ssl.SSLError.__name__ in failure


def test_all_threads_are_started_at_once() -> None:
    """A pool has its threads before there is work for them."""
    before = threading.active_count()
    with ThreadPoolExecutor(8) as executor:
        start_all(executor, 8)

        assert threading.active_count() == before + 8


def test_too_few_threads_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how many are needed and what can be changed."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with ThreadPoolExecutor(8) as executor, pytest.raises(UnfitMachineError, match="8 threads are needed"):
        start_all(executor, 8)
