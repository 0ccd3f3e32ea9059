"""The native examples of the model's page, run by the official dashscope package with only address and audio changed.

The page prints the example of a file path in full; for the other ways of naming an audio, and for streams, it gives the
message and says what changes: those programs are the same one with that change.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, Emulator

CLIP = AUDIO / "clips" / "renovation.wav"
HEAD = """\
import dashscope
import os

dashscope.base_http_api_url = 'https://dashscope-intl.aliyuncs.com/api/v1'
"""
CALL = """
response = dashscope.MultiModalConversation.call(
  # If you have not configured the environment variable, replace the following line with your API key: api_key="sk-xxx"
  api_key=os.getenv('DASHSCOPE_API_KEY'),
  model="qwen3-omni-30b-a3b-captioner",
  messages=messages)

print("Output:")
print(response["output"]["choices"][0]["message"].content[0]["text"])
"""
STREAMED_CALL = """
response = dashscope.MultiModalConversation.call(
  api_key=os.getenv('DASHSCOPE_API_KEY'),
  model="qwen3-omni-30b-a3b-captioner",
  messages=messages,
  stream=True,
  incremental_output=True)

for event in response:
  for part in event["output"]["choices"][0]["message"].content:
    print(part["text"], end="")
"""
PATH = """
# The full path of the local file must be prefixed with file:// to ensure a valid path, for example: file:///home/images/test.mp3
audio_file_path = "file://ABSOLUTE_PATH/welcome.mp3"
messages = [
  {
    "role": "user",
    # Pass the file path prefixed with file:// in the audio parameter.
    "content": [{"audio": audio_file_path}],
  }
]
"""
URL = """
messages = [
  {
    "role": "user",
    "content": [
      {"audio": "https://help-static-aliyun-doc.aliyuncs.com/renovation.wav"}
    ]
  }
]
"""
INLINE = """
import base64

with open("ABSOLUTE_PATH/welcome.mp3", "rb") as audio_file:
  base64_audio = base64.b64encode(audio_file.read()).decode("utf-8")

messages = [{"role": "user", "content": [{"audio": f"data:;base64,{base64_audio}"}]}]
"""
PROGRAMS = {
    "path": HEAD + PATH + CALL,
    "path, streamed": HEAD + PATH + STREAMED_CALL,
    "path, streamed cumulatively": HEAD
    + PATH
    + STREAMED_CALL.replace("incremental_output=True", "result_format='message'"),
    "url": HEAD + URL + CALL,
    "url, streamed": HEAD + URL + STREAMED_CALL,
    "base64": HEAD + INLINE + CALL,
    "base64, streamed": HEAD + INLINE + STREAMED_CALL,
}
REFUSED = {
    "refused": HEAD + URL.replace("renovation.wav", "nothing.wav") + CALL.partition("print")[0] + "print(response)",
    "refused, streamed": HEAD
    + URL.replace("renovation.wav", "nothing.wav")
    + STREAMED_CALL.partition("for event")[0]
    + "print(*response)",
}
RUN_ALL = """\
import contextlib, io, json, sys

printed = {}
for name, program in json.load(sys.stdin).items():
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(program, {"__name__": "__main__"})
    printed[name] = output.getvalue()
json.dump(printed, sys.stdout)
"""


@pytest.fixture(scope="module")
def printed(shared_emulator: Emulator, origin: Origin) -> dict[str, str]:
    """What each program prints; they share one process because the package takes seconds to import."""
    shared_emulator.reset()
    source = json.dumps(PROGRAMS | REFUSED)
    for written, here in (
        ("https://dashscope-intl.aliyuncs.com", shared_emulator.url),
        ("https://help-static-aliyun-doc.aliyuncs.com/renovation.wav", origin.file("clips/renovation.wav")),
        ("https://help-static-aliyun-doc.aliyuncs.com/nothing.wav", f"{origin.url}/status/404"),
        ("ABSOLUTE_PATH/welcome.mp3", str(CLIP)),
    ):
        source = source.replace(written, here)
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        input=source,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DASHSCOPE_API_KEY": "sk-any", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    outputs: dict[str, str] = json.loads(done.stdout)
    return outputs


@pytest.mark.parametrize("name", PROGRAMS)
def test_example_runs_as_written(printed: dict[str, str], name: str) -> None:
    """The example prints a caption of the renovation clip."""
    assert "every 0.5 to 0.6 seconds" in printed[name]


@pytest.mark.parametrize("name", REFUSED)
def test_package_reads_errors(printed: dict[str, str], name: str) -> None:
    """The package raises nothing: its response has the status, of a stream too, with code, message and request id."""
    response = json.loads(printed[name])

    assert response["status_code"] == 400
    assert response["code"] == "InvalidParameter"
    assert "Failed to find the requested media resource" in response["message"]
    assert len(response["request_id"]) == 36
