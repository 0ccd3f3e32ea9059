// A refusal becomes the package's own error, with status and code.
import OpenAI from "openai";
import { client } from "./client.mjs";

try {
  await client.chat.completions.create(
    {
      model: "qwen3-omni-30b-a3b-captioner",
      messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: process.env.AUDIO_URL } }] }],
    },
    { maxRetries: 0 },
  );
} catch (error) {
  console.log(error instanceof OpenAI.RateLimitError, error.status, error.code);
}
