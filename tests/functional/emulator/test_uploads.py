import hashlib
import re
from collections.abc import Generator

import pytest

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import (
    AUDIO,
    CAPTIONER,
    OMNI,
    Emulator,
    native_body,
    request_body,
    running_emulator,
)
from tests.functional.emulator.test_native_answers import SSE, frames
from tests.functional.emulator.uploading import RESOLVE, get_policy, post_form, upload

READING = (AUDIO / "clips" / "reading.wav").read_bytes()
PREFIX = "<400> InternalError.Algo.InvalidParameter: "
INVALID = f"{PREFIX}The provided URL does not appear to be valid. Ensure it is correctly formatted."
GONE = f"{PREFIX}Failed to find the requested media resource during the data inspection process."
FORBIDDEN = f"{PREFIX}Don't have authorization to access the media resource during the data inspection process."


def test_policy_is_as_documented(emulator: Emulator) -> None:
    """The policy names the host, a folder of its own, its lifetime and the size that it allows."""
    policies = [get_policy(emulator).json()["data"] for _ in range(2)]

    assert policies[0]["upload_dir"].startswith("dashscope-instant/")
    assert policies[0]["upload_dir"] != policies[1]["upload_dir"]
    assert policies[0]["upload_host"].startswith(emulator.url)
    assert policies[0]["expire_in_seconds"] == 300
    assert policies[0]["max_file_size_mb"] == 1024
    assert policies[0]["x_oss_object_acl"] == "private"
    assert policies[0]["x_oss_forbid_overwrite"] == "true"


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"action": "putPolicy"}, 400, "InvalidParameter"),
        ({"model": ""}, 400, "InvalidParameter"),
        ({"model": "qwen9"}, 404, "ModelNotFound"),
    ],
)
def test_policy_is_refused(emulator: Emulator, parameters: dict[str, str], status: int, code: str) -> None:
    """What is not of the documented form gets the native envelope."""
    response = get_policy(emulator, **parameters)

    assert response.status_code == status
    assert response.json().keys() == {"code", "message", "request_id"}
    assert response.json()["code"] == code


def test_policy_is_refused_without_key(emulator: Emulator) -> None:
    """Whoever has no key may not upload."""
    response = emulator.http.get("/api/v1/uploads", params={"action": "getPolicy", "model": CAPTIONER})

    assert response.status_code == 401
    assert response.json()["code"] == "InvalidApiKey"


def test_upload_is_heard_in_both_apis(emulator: Emulator) -> None:
    """An uploaded audio can be named any number of times, streamed or not, and the journal says which way it came."""
    url = upload(emulator, READING)

    native = emulator.generate(native_body(url), **RESOLVE)
    streamed = emulator.generate(native_body(url), **RESOLVE, **SSE)
    compatible = emulator.post(request_body(url), **RESOLVE)

    said = native.json()["output"]["choices"][0]["message"]["content"][0]["text"]
    assert "7.1 seconds" in said
    assert frames(streamed.text)[-1].text == said
    assert compatible.json()["choices"][0]["message"]["content"] == said
    assert {(entry["route"], entry["url"], entry["sha256"]) for entry in emulator.log()["requests"]} == {
        ("upload", url, hashlib.sha256(READING).hexdigest())
    }


def test_without_the_header_the_address_is_not_read(emulator: Emulator) -> None:
    """The address of an upload is no address unless the request says that it may be resolved."""
    url = upload(emulator, READING)

    messages = [emulator.generate(native_body(url)).json()["message"], emulator.ask(url).json()["error"]["message"]]

    assert messages == [INVALID, INVALID]


def test_with_the_header_a_plain_address_is_not_fetched(emulator: Emulator, origin: Origin) -> None:
    """The header beside an http address makes the download time out, as was seen of the service."""
    response = emulator.generate(native_body(origin.file("clips/reading.wav")), **RESOLVE)

    assert response.status_code == 400
    assert response.json()["code"] == "InvalidParameter.DataInspection"
    assert response.json()["message"].startswith(f"{PREFIX}Download the media resource timed out")


def test_upload_is_bound_to_key_and_model(emulator: Emulator) -> None:
    """Neither another account nor another model may read it; nobody finds what was not uploaded."""
    url = upload(emulator, READING)

    other_key = emulator.generate(native_body(url), **RESOLVE, authorization="Bearer other")
    other_model = emulator.generate(native_body(url, model=OMNI), **RESOLVE, **SSE)
    nothing = emulator.generate(native_body(f"{url}x"), **RESOLVE)

    assert other_key.json()["message"] == FORBIDDEN
    assert frames(other_model.text)[0].body["message"] == FORBIDDEN
    assert nothing.json()["message"] == GONE


def test_same_name_is_refused(emulator: Emulator) -> None:
    """Under one policy each name can be used once; what was uploaded first stays."""
    policy = get_policy(emulator).json()["data"]

    first = post_form(emulator, policy, READING)
    second = post_form(emulator, policy, b"other")
    heard = emulator.generate(native_body(f"oss://{policy['upload_dir']}/audio.wav"), **RESOLVE)

    assert (first.status_code, first.text) == (200, "")
    assert second.status_code == 409
    assert "<Code>FileAlreadyExists</Code>" in second.text
    assert heard.status_code == 200


def test_status_of_success_is_204_unless_asked_for(emulator: Emulator) -> None:
    """The storage's own default shows where the form names no status."""
    policy = get_policy(emulator).json()["data"]

    response = post_form(emulator, policy, READING, {"success_action_status": ""})

    assert response.status_code == 204


@pytest.mark.parametrize(
    ("changed", "status", "code", "message"),
    [
        ({"Signature": "AAAA"}, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
        ({"policy": "e30="}, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
        ({"OSSAccessKeyId": "other"}, 403, "InvalidAccessKeyId", "does not exist in our records"),
        ({"key": "elsewhere/audio.wav"}, 403, "AccessDenied", "Policy Condition failed: .*starts-with"),
        ({"x-oss-object-acl": "public-read"}, 403, "AccessDenied", "Policy Condition failed: .*x-oss-object-acl"),
        ({"x-oss-forbid-overwrite": "false"}, 403, "AccessDenied", "Policy Condition failed: .*x-oss-forbid-overwrite"),
    ],
)
def test_forms_against_the_policy_are_refused(
    emulator: Emulator, changed: dict[str, str], status: int, code: str, message: str
) -> None:
    """What the policy does not allow gets the storage's XML."""
    response = post_form(emulator, get_policy(emulator).json()["data"], READING, changed)

    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/xml")
    assert f"<Code>{code}</Code>" in response.text
    assert re.search(message, response.text)


def test_fields_after_the_file_are_not_read(emulator: Emulator) -> None:
    """A form whose file comes first has no fields, and one without file is none."""
    policy = get_policy(emulator).json()["data"]
    parts = [("file", ("audio.wav", READING)), ("OSSAccessKeyId", (None, policy["oss_access_key_id"]))]

    file_first = emulator.http.post(policy["upload_host"], files=parts)
    no_file = emulator.http.post(policy["upload_host"], files=parts[1:])

    assert "<Code>InvalidAccessKeyId</Code>" in file_first.text
    assert "<Code>IncorrectNumberOfFilesInPOSTRequest</Code>" in no_file.text


def test_policies_expire(hasty_emulator: Emulator) -> None:
    """A policy that is used too late is refused, in the documented words."""
    policy = get_policy(hasty_emulator).json()["data"]

    response = post_form(hasty_emulator, policy, READING)

    assert response.status_code == 403
    assert "<Message>Invalid according to Policy: Policy expired.</Message>" in response.text


def test_fault_of_an_expired_policy(emulator: Emulator) -> None:
    """A rule refuses so many uploads as too late and leaves calls alone; rules for calls leave uploads alone."""
    url = upload(emulator, READING)
    emulator.fault(expired_policy=True, times=1)
    policy = get_policy(emulator).json()["data"]

    heard = emulator.generate(native_body(url), **RESOLVE)
    refused = post_form(emulator, policy, READING)
    emulator.fault(status=503)
    kept = post_form(emulator, policy, READING)

    assert heard.status_code == 200
    assert refused.status_code == 403
    assert "Policy expired." in refused.text
    assert kept.status_code == 200


def test_large_files_are_refused(small_emulator: Emulator) -> None:
    """A file beyond the size that the policy states is refused; one of that size is kept."""
    policy = get_policy(small_emulator).json()["data"]
    fits = bytes(policy["max_file_size_mb"] << 20)

    too_large = post_form(small_emulator, policy, fits + b"0")
    kept = post_form(small_emulator, policy, fits)

    assert too_large.status_code == 400
    assert "<Code>EntityTooLarge</Code>" in too_large.text
    assert kept.status_code == 200


def test_uploads_expire(small_emulator: Emulator) -> None:
    """After its time an upload is not found any more."""
    url = upload(small_emulator, READING)

    response = small_emulator.generate(native_body(url), **RESOLVE)

    assert response.json()["message"] == GONE


@pytest.fixture(scope="module")
def hasty_emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """An emulator whose policies have no time at all."""
    with running_emulator(tmp_path_factory.mktemp("hasty"), "--policy-seconds", "0") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def small_emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    """An emulator that takes a mebibyte, and keeps it for no time at all."""
    options = ("--upload-megabytes", "1", "--upload-seconds", "0")
    with running_emulator(tmp_path_factory.mktemp("small"), *options) as emulator:
        yield emulator
