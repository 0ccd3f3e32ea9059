"""The two calls of a temporary upload, as a client without SDK makes them."""

from typing import Any

import httpx2

from tests.functional.emulator.process import CAPTIONER, Emulator

RESOLVE = {"x-dashscope-ossresourceresolve": "enable"}


def get_policy(emulator: Emulator, key: str = "key", **parameters: str) -> httpx2.Response:
    """Ask for a policy."""
    query = {"action": "getPolicy", "model": CAPTIONER} | parameters
    return emulator.http.get("/api/v1/uploads", params=query, headers={"authorization": f"Bearer {key}"})


def form_of(policy: dict[str, Any], name: str) -> dict[str, str]:
    """The fields of the form for a file of that name."""
    return {
        "OSSAccessKeyId": policy["oss_access_key_id"],
        "Signature": policy["signature"],
        "policy": policy["policy"],
        "key": f"{policy['upload_dir']}/{name}",
        "x-oss-object-acl": policy["x_oss_object_acl"],
        "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
        "success_action_status": "200",
    }


def post_form(
    emulator: Emulator, policy: dict[str, Any], data: bytes, changed: dict[str, str] | None = None
) -> httpx2.Response:
    """Send a form with some of its fields changed."""
    fields = form_of(policy, "audio.wav") | (changed or {})
    return emulator.http.post(policy["upload_host"], data=fields, files={"file": ("audio.wav", data)})


def upload(emulator: Emulator, data: bytes, **policy: str) -> str:
    """Upload an audio, and return its `oss://` address."""
    granted = get_policy(emulator, **policy).json()["data"]
    response = post_form(emulator, granted, data)
    assert response.status_code == 200, response.text
    return f"oss://{form_of(granted, 'audio.wav')['key']}"
