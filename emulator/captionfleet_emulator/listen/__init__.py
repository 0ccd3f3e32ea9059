"""Hearing: what numpy and scipy can truly measure in a sound, and the English that says no more than that.

`frames` reduces the sound to small arrays in one pass of bounded memory; each measure is a pure function of them that
returns a frozen dataclass; `prose` turns the measures into sentences. A listener that recognises speech, music or
events adds a measure and a paragraph of its own.
"""
