"""The model behind every dialect: a call comes in, an answer goes out."""
