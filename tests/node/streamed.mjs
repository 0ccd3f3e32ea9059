import { client } from "./client.mjs";

const stream = await client.chat.completions.create({
  model: "qwen3-omni-30b-a3b-captioner",
  messages: [
    {
      role: "user",
      content: [{ type: "input_audio", input_audio: { data: process.env.AUDIO_URL } }],
    },
  ],
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  if (chunk.choices.length > 0) {
    process.stdout.write(chunk.choices[0].delta.content ?? "");
  } else {
    process.stdout.write(`\n${JSON.stringify(chunk.usage)}\n`);
  }
}
