import pytest

from captionfleet_emulator.errors import StorageError
from captionfleet_emulator.native.policy import Policies
from tests.unit.emulator.clock import Clock


def form(policy: dict[str, str], **changed: str) -> dict[str, str]:
    """The fields of an upload under a policy."""
    fields = {
        "OSSAccessKeyId": policy["oss_access_key_id"],
        "Signature": policy["signature"],
        "policy": policy["policy"],
        "key": f"{policy['upload_dir']}/audio.wav",
        "x-oss-object-acl": "private",
        "x-oss-forbid-overwrite": "true",
    }
    return fields | changed


def test_policy_is_good_for_its_time() -> None:
    """A policy of 300 seconds is taken just before its end, and refused from then on."""
    clock = Clock()
    policies = Policies(b"secret", clock, 300, 1024)
    policy = policies.issue("captioner", "account", "http://host")

    clock.now += 299.9
    grant = policies.check(form(policy))
    clock.now += 0.1

    assert (grant.model, grant.account, grant.max_bytes) == ("captioner", "account", 1 << 30)
    with pytest.raises(StorageError, match=r"^Invalid according to Policy: Policy expired\.$"):
        policies.check(form(policy))


def test_policy_is_forgotten_and_still_said_to_be_expired() -> None:
    """Issuing another one later clears the old one away, whose holder hears the same."""
    clock = Clock()
    policies = Policies(b"secret", clock, 300, 1024)
    policy = policies.issue("captioner", "account", "http://host")

    clock.now += 301
    policies.issue("captioner", "account", "http://host")

    with pytest.raises(StorageError, match="Policy expired"):
        policies.check(form(policy))


def test_policy_of_another_service_is_refused() -> None:
    """Only who signed a policy takes it."""
    clock = Clock()
    policy = Policies(b"other", clock, 300, 1024).issue("captioner", "account", "http://host")

    with pytest.raises(StorageError, match="signature we calculated does not match") as caught:
        Policies(b"secret", clock, 300, 1024).check(form(policy))

    assert caught.value.status == 403


def test_folder_beside_the_policys_is_refused() -> None:
    """A key that only begins like the folder lies outside it."""
    policies = Policies(b"secret", Clock(), 300, 1024)
    policy = policies.issue("captioner", "account", "http://host")

    with pytest.raises(StorageError, match="Policy Condition failed"):
        policies.check(form(policy, key=f"{policy['upload_dir']}x/audio.wav"))
