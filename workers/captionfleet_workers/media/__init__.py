"""What is in an audio file, and how to make a smaller one: done in confined child processes.

The modules that a child runs import PyAV, numpy and the standard library alone, so that a fork of them stays cheap; the
others (`inspect`, `transcode`, `cut`, `child`) run in the worker. Nothing is imported here for the same reason.
"""
