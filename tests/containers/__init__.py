"""The images and the compose stack on a real container engine: `make images`."""
