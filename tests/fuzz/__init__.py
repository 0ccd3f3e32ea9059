"""Broken audio by the thousand, through real media children."""
