import { readFileSync } from "node:fs";
import { client } from "./client.mjs";

const base64 = readFileSync(process.env.AUDIO_PATH).toString("base64");
const completion = await client.chat.completions.create({
  model: "qwen3-omni-30b-a3b-captioner",
  messages: [
    {
      role: "user",
      content: [{ type: "input_audio", input_audio: { data: `data:;base64,${base64}` } }],
    },
  ],
});
console.log(completion.choices[0].message.content);
