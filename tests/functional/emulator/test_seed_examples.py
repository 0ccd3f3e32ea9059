"""The examples of the model's page, run as programs of their own with only address and audio changed."""

import os
import subprocess
import sys

import pytest

from tests.functional.emulator.origin import Origin
from tests.functional.emulator.process import AUDIO, Emulator

CLIENT = """\
import os
from openai import OpenAI

client = OpenAI(
  api_key=os.getenv("DASHSCOPE_API_KEY"),
  base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
)
"""
PLAIN = (
    CLIENT
    + """
completion = client.chat.completions.create(
  model="qwen3-omni-30b-a3b-captioner",
  messages=[
    {
      "role": "user",
      "content": [
        {
          "type": "input_audio",
          "input_audio": {
            "data": "<audio-url>"
          }
        }
      ]
    }
  ]
)
print(completion.choices[0].message.content)
"""
)
STREAMED = (
    CLIENT
    + """
completion = client.chat.completions.create(
  model="qwen3-omni-30b-a3b-captioner",
  messages=[{
    "role": "user",
    "content": [{"type": "input_audio", "input_audio": {"data": "<audio-url>"}}]
  }],
  stream=True,
  stream_options={"include_usage": True},
)
for chunk in completion:
  if chunk.choices and chunk.choices[0].delta.content:
    print(chunk.choices[0].delta.content, end="")
"""
)
INLINE = (
    "import base64\n"
    + CLIENT
    + """
with open("<audio-path>", "rb") as audio_file:
  base64_audio = base64.b64encode(audio_file.read()).decode("utf-8")

completion = client.chat.completions.create(
  model="qwen3-omni-30b-a3b-captioner",
  messages=[
    {
      "role": "user",
      "content": [
        {
          "type": "input_audio",
          "input_audio": {
            "data": f"data:;base64,{base64_audio}"
          }
        }
      ]
    }
  ]
)
print(completion.choices[0].message.content)
"""
)
OMNI = (
    CLIENT
    + """
completion = client.chat.completions.create(
  model="qwen3-omni-flash",
  messages=[{
    "role": "user",
    "content": [
      {"type": "input_audio", "input_audio": {"data": "<audio-url>"}},
      {"type": "text", "text": "What is being said in this audio? Describe the speaker's emotion."}
    ]
  }],
  modalities=["text"],
  stream=True,
)

for chunk in completion:
  if chunk.choices and chunk.choices[0].delta.content:
    print(chunk.choices[0].delta.content, end="")
"""
)


@pytest.mark.parametrize("program", [PLAIN, STREAMED, INLINE, OMNI], ids=["plain", "streamed", "inline", "omni"])
def test_example_runs_as_written(emulator: Emulator, origin: Origin, program: str) -> None:
    """The example prints a caption of the renovation clip."""
    for written, here in (
        ("https://dashscope-intl.aliyuncs.com", emulator.url),
        ("<audio-url>", origin.file("clips/renovation.wav")),
        ("<audio-path>", str(AUDIO / "clips" / "renovation.wav")),
    ):
        program = program.replace(written, here)

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DASHSCOPE_API_KEY": "sk-any", "PYTHONUTF8": "1"},
    )

    assert done.returncode == 0, done.stderr
    assert "every 0.5 to 0.6 seconds" in done.stdout
