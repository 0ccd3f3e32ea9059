// The client of every example: base URL and key are all that differs from the real service.
import OpenAI from "openai";

export const client = new OpenAI({
  apiKey: process.env.DASHSCOPE_API_KEY,
  baseURL: process.env.DASHSCOPE_BASE_URL,
});
