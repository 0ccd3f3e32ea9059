"""The yardstick: a plain Celery task that makes the same call with the openai client's defaults, and nothing else."""

import base64
import os
from pathlib import Path

from celery import Celery
from openai import OpenAI

app = Celery("plain", broker=os.environ["PLAIN_BROKER_URL"])
app.conf.update(
    worker_prefetch_multiplier=1,
    task_acks_late=True,
    task_ignore_result=True,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)

client = OpenAI(api_key="bench", base_url=os.environ["PLAIN_MODEL_URL"])
audio = base64.b64encode(Path(os.environ["PLAIN_AUDIO"]).read_bytes()).decode()


@app.task(name="plain.caption")
def caption() -> str | None:
    """Ask the model about the file."""
    completion = client.chat.completions.create(
        model="qwen3-omni-30b-a3b-captioner",
        messages=[
            {
                "role": "user",
                "content": [{"type": "input_audio", "input_audio": {"data": f"data:;base64,{audio}"}}],  # type: ignore[typeddict-item]  # DashScope's form has no format
            }
        ],
    )
    return completion.choices[0].message.content
