import { client } from "./client.mjs";

const completion = await client.chat.completions.create({
  model: "qwen3-omni-30b-a3b-captioner",
  messages: [
    {
      role: "user",
      content: [{ type: "input_audio", input_audio: { data: process.env.AUDIO_URL } }],
    },
  ],
});
console.log(completion.choices[0].message.content);
