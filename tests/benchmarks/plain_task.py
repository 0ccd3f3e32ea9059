"""The yardstick: a plain Celery task that makes the same call with the openai client's defaults, and nothing else."""

import base64
import os
from pathlib import Path
from typing import Any

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
    content = [{"type": "input_audio", "input_audio": {"data": f"data:;base64,{audio}"}}]
    # The client's types ask for a format, which this model's documented form does not have.
    messages: Any = [{"role": "user", "content": content}]
    completion = client.chat.completions.create(model="qwen3-omni-30b-a3b-captioner", messages=messages)
    return completion.choices[0].message.content
