"""What is in an audio file, and how to make a smaller one: done in confined child processes.

The modules that a child runs (`confine`, `facts`, `formats`, `sniff`, `demux`, `measure`, `encode`) import PyAV, numpy
and the standard library alone, so that a fork of them stays cheap. Nothing is imported here for the same reason.
"""
