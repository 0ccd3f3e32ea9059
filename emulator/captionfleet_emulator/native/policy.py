"""Leave to upload one model's audio for a while: a signed policy, as object storage knows them.

Sources: the Model Studio page on temporary file URLs, recorded answers of the service, and the storage's own
documentation of uploads by form.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from captionfleet_emulator.errors import StorageError

ACCESS_KEY_ID = "LTAI-emulator"
ROOT = "dashscope-instant"
POLICY_EXPIRED = "Policy expired."
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a valid policy allows."""

    directory: str
    model: str
    account: str
    max_bytes: int


class Policies:
    """Issues policies and checks them.

    Args:
        secret: signs them.
        epoch: the wall clock, in seconds.
        seconds: how long a policy may be used.
        max_megabytes: the largest upload.
    """

    def __init__(self, secret: bytes, epoch: Callable[[], float], seconds: int, max_megabytes: int) -> None:
        self._secret = secret
        self._epoch = epoch
        self._seconds = seconds
        self._max_megabytes = max_megabytes
        self._grants: dict[str, tuple[float, Grant]] = {}

    def issue(self, model: str, account: str, host: str) -> dict[str, Any]:
        """A policy for uploads of an account to `host`, as the service words it."""
        now = self._epoch()
        self._forget(now)
        directory = f"{ROOT}/{uuid4().hex}/{datetime.fromtimestamp(now, UTC):%Y-%m-%d}/{uuid4()}"
        max_bytes = self._max_megabytes * MEGABYTE
        policy = self._policy(directory, now + self._seconds, max_bytes)
        grant = Grant(directory=directory, model=model, account=account, max_bytes=max_bytes)
        self._grants[policy] = (now + self._seconds, grant)
        return {
            "policy": policy,
            "signature": self._sign(policy),
            "upload_dir": directory,
            "upload_host": host,
            "expire_in_seconds": self._seconds,
            "max_file_size_mb": self._max_megabytes,
            "capacity_limit_mb": 999_999_999,
            "oss_access_key_id": ACCESS_KEY_ID,
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }

    def check(self, fields: Mapping[str, str]) -> Grant:
        """What the fields of an upload form allow.

        Raises:
            StorageError: they are signed by nobody, too late, or ask for more than the policy allows.
        """
        policy = fields.get("policy", "")
        if fields.get("OSSAccessKeyId") != ACCESS_KEY_ID:
            raise StorageError.unknown_access_key()
        if not hmac.compare_digest(self._sign(policy).encode(), fields.get("Signature", "").encode()):
            raise StorageError.wrong_signature()
        expires, grant = self._grants.get(policy, (0.0, None))
        if grant is None or self._epoch() >= expires:
            raise StorageError.denied(POLICY_EXPIRED)
        _check_conditions(fields, grant)
        return grant

    def _policy(self, directory: str, expires: float, max_bytes: int) -> str:
        document = {
            "expiration": f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%dT%H:%M:%S.000Z}",
            "conditions": [
                ["content-length-range", 0, max_bytes],
                ["starts-with", "$key", directory],
                ["eq", "$x-oss-object-acl", "private"],
                ["eq", "$x-oss-forbid-overwrite", "true"],
            ],
        }
        return base64.b64encode(json.dumps(document).encode()).decode()

    def _sign(self, policy: str) -> str:
        return base64.b64encode(hmac.digest(self._secret, policy.encode(), "sha1")).decode()

    def _forget(self, now: float) -> None:
        for policy in [policy for policy, (expires, _) in self._grants.items() if expires <= now]:
            del self._grants[policy]


def _check_conditions(fields: Mapping[str, str], grant: Grant) -> None:
    if not fields.get("key", "").startswith(f"{grant.directory}/"):
        raise StorageError.denied(f'Policy Condition failed: ["starts-with", "$key", "{grant.directory}"]')
    for name, value in (("x-oss-object-acl", "private"), ("x-oss-forbid-overwrite", "true")):
        if fields.get(name) != value:
            raise StorageError.denied(f'Policy Condition failed: ["eq", "${name}", "{value}"]')
