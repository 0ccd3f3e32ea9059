"""The commands that steer an emulator that serves, through its admin API."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import httpx2
from pydantic import BaseModel

from captionfleet_emulator.faults.rule import FaultRule
from captionfleet_emulator.limits.terms import LimitRule

Options = dict[str, Any]

DEFAULT_URL = "http://127.0.0.1:8900"
TIMEOUT = 10.0


def add_remote_commands(parser: argparse.ArgumentParser) -> None:
    """Add `fault`, `faults`, `limits` and `requests`; the options of `fault` and `limits` are the fields of a rule."""
    add = parser.add_subparsers(title="commands", metavar="").add_parser
    fault = _command(add, "fault", switch_on, "Switch a fault on, and print the rule with its id.")
    _add_fields(fault, FaultRule)
    faults = _command(add, "faults", list_faults, "List the faults that are switched on, or switch them off.")
    faults.add_argument("--clear", action="store_true", help="Switch all faults off.")
    faults.add_argument("--remove", metavar="ID", help="Switch this fault off.")
    limits = _command(add, "limits", set_limits, "Set limits that hold from now on, and list all that hold.")
    _add_fields(limits, LimitRule)
    limits.add_argument("--clear", action="store_true", help="Go back to the limits of the start.")
    requests = _command(add, "requests", list_requests, "Print the request log with its counts.")
    requests.add_argument("--clear", action="store_true", help="Empty the log.")


def switch_on(options: Options) -> int:
    """Add a fault rule.

    Raises:
        ValidationError: the options make no rule.
    """
    url = options.pop("url")
    rule = FaultRule.model_validate(options)
    return _call("POST", url, "/admin/faults", rule.model_dump(exclude_unset=True))


def list_faults(options: Options) -> int:
    """List the fault rules, or remove one or all."""
    if options["remove"]:
        return _call("DELETE", options["url"], f"/admin/faults/{options['remove']}")
    return _call("DELETE" if options["clear"] else "GET", options["url"], "/admin/faults")


def set_limits(options: Options) -> int:
    """Set limits if any are given, and list all that hold.

    Raises:
        ValidationError: the options make no limits.
    """
    url, clear = options.pop("url"), options.pop("clear")
    if clear:
        return _call("DELETE", url, "/admin/limits")
    rule = LimitRule.model_validate(options)
    given = rule.model_dump(exclude_unset=True)
    return _call("PUT", url, "/admin/limits", given) if given else _call("GET", url, "/admin/limits")


def list_requests(options: Options) -> int:
    """Print the request log, or empty it."""
    return _call("DELETE" if options["clear"] else "GET", options["url"], "/admin/requests")


def _command(
    add: Callable[..., argparse.ArgumentParser], name: str, run: Callable[[Options], int], description: str
) -> argparse.ArgumentParser:
    parser = add(name, help=description, description=description)
    parser.add_argument("--url", default=DEFAULT_URL, help=f"Address of the emulator (default: {DEFAULT_URL}).")
    parser.set_defaults(run=run)
    return parser


def _add_fields(parser: argparse.ArgumentParser, model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        option = f"--{name.replace('_', '-')}"
        if field.annotation is bool:
            parser.add_argument(option, default=argparse.SUPPRESS, action="store_true", help=field.description)
        else:
            metavar = name.rsplit("_", 1)[-1].upper()
            parser.add_argument(option, default=argparse.SUPPRESS, metavar=metavar, help=field.description)


def _call(method: str, url: str, path: str, body: Options | None = None) -> int:
    """Call the admin API and print what it says; the return value is the exit status."""
    try:
        response = httpx2.request(method, url.rstrip("/") + path, json=body, timeout=TIMEOUT)
    except httpx2.HTTPError as error:
        sys.stderr.write(f"no emulator answers at {url}: {error}\n")
        return 1
    output = sys.stdout if response.is_success else sys.stderr
    output.write(json.dumps(response.json(), indent=2) + "\n" if response.content else "")
    return 0 if response.is_success else 1
