import { client } from "./client.mjs";

const stream = await client.chat.completions.create({
  model: "qwen3-omni-flash",
  messages: [
    {
      role: "user",
      content: [
        { type: "input_audio", input_audio: { data: process.env.AUDIO_URL } },
        { type: "text", text: "What is being said in this audio? Describe the speaker's emotion." },
      ],
    },
  ],
  modalities: ["text"],
  stream: true,
});
for await (const chunk of stream) {
  if (chunk.choices.length > 0) {
    process.stdout.write(chunk.choices[0].delta.content ?? "");
  }
}
