"""What keeps a decoder that was taken over from calling the kernel for anything that decoding does not need."""
