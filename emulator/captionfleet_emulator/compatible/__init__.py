"""The OpenAI-compatible dialect: `POST /compatible-mode/v1/chat/completions`."""
