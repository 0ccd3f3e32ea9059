"""The examples of the model's page with Node's official openai package, against the emulator: `make node`."""
