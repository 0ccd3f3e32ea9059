"""Which demuxers may open a file, and the names that its container and codec go by. Runs in the child."""

DEMUXERS = (
    "mp3,mov,aac,wav,amr,amrnb,amrwb,flac,ogg,matroska,aiff,caf,w64,asf,gsm,au,wv,mpegts,avi,flv,mpeg"  # all of av's
)
"""Everything that may be opened. Left out are the demuxers that open further files or connections (HLS, concat, SDP,
DASH): without this list PyAV follows them, even when it was handed an open file."""

_CONTAINERS = {"asf": "asf", "matroska,webm": "matroska", "amrnb": "amr", "amrwb": "amr"}
_ISO_MEDIA = "mov,mp4,m4a,3gp,3g2,mj2"
_BRANDS = {"3gp": "3gp", "3gr": "3gp", "3gs": "3gp", "3ge": "3gp", "3gg": "3gp", "3g2": "3g2", "qt ": "mov"}
_CODECS = {"amr_nb": "amrnb", "amr_wb": "amrwb", "mp3float": "mp3"}


def container_name(demuxer: str, brand: str, head: bytes) -> str:
    """The container's common name.

    Args:
        demuxer: FFmpeg's name, which may cover a family.
        brand: major brand of an ISO media file.
        head: the file's start, which tells WebM from other Matroska.
    """
    if demuxer == _ISO_MEDIA:
        return _BRANDS.get(brand[:3].lower(), "mp4")
    if demuxer == "matroska,webm" and b"webm" in head[:256]:
        return "webm"
    return _CONTAINERS.get(demuxer, demuxer)


def codec_name(canonical: str) -> str:
    """The codec's common name: `pcm` for integer PCM of every width, FFmpeg's own for most others."""
    if canonical.startswith(("pcm_s", "pcm_u")):
        return "pcm"
    return _CODECS.get(canonical, canonical)
