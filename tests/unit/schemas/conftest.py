"""Properties are checked without a time limit for each example, which a busy machine would break."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
