"""The native DashScope dialect: generation, and the temporary upload that goes before it."""
