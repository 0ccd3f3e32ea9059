"""captionfleet_emulator: who answers offline. A local stand-in for the model's API that really listens."""
