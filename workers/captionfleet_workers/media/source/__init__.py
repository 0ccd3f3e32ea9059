"""What a media file's own structure says, read without a media library. Runs in the child; the standard library alone.

It says which bytes a demuxer should see, and how many there should be: what FFmpeg guesses, passes over or takes at its
word.
"""
