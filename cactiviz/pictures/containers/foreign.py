"""Files of other kinds, told by their first bytes, and how to get a picture from each."""

from __future__ import annotations

import re

from cactiviz.pictures.containers.contents import OtherKind

#: A camera's raw file: the only plain pictures in it are previews.
RAW = OtherKind("a camera's raw file", "export it as JPEG or TIFF")

_AS_PICTURE = "save it as PNG or JPEG"
_ONE_FRAME = "save one of its frames as PNG or JPEG"
_UNPACK = "unpack it and choose a picture inside it"
_SLICE = "save a slice or a part of it as PNG or TIFF"
_PAGE = "save the page as PNG"
_OTHER = "choose a picture"

# (where, what stands there, the kind, what to do), the more special first.
_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    *((0, start, RAW.what, RAW.advice) for start in (b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM")),
    (6, b"HEAPCCDR", RAW.what, RAW.advice),
    *((0, start, RAW.what, RAW.advice) for start in (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"IIII")),
    (0, b"%PDF-", "a PDF document", _PAGE),
    (0, b"%!PS", "a PostScript drawing", _AS_PICTURE),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS drawing", _AS_PICTURE),
    (0, b"8BPS", "a Photoshop file", _AS_PICTURE),
    (0, b"gimp xcf", "a GIMP file", _AS_PICTURE),
    (0, b"\xff\x0a", "a JPEG XL picture", _AS_PICTURE),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture", _AS_PICTURE),
    (0, b"II\xbc", "a JPEG XR picture", _AS_PICTURE),
    (0, b"v/1\x01", "an OpenEXR picture", _AS_PICTURE),
    (0, b"#?RADIANCE", "a Radiance HDR picture", _AS_PICTURE),
    (0, b"#?RGBE", "a Radiance HDR picture", _AS_PICTURE),
    (0, b"PF\n", "a colour PFM picture", _AS_PICTURE),
    (0, b"P7\n", "a PAM picture", _AS_PICTURE),
    (0, b"\0\0\x01\0", "an icon", _AS_PICTURE),
    (0, b"\0\0\x02\0", "a mouse pointer", _AS_PICTURE),
    (0, b"icns", "an icon", _AS_PICTURE),
    (0, b"DDS ", "a DDS texture", _AS_PICTURE),
    (0, b"qoif", "a QOI picture", _AS_PICTURE),
    (0, b"BPG\xfb", "a BPG picture", _AS_PICTURE),
    (0, b"FLIF", "a FLIF picture", _AS_PICTURE),
    (0, b"\x8aMNG\r\n", "an MNG animation", _ONE_FRAME),
    (0, b"\x8bJNG\r\n", "a JNG picture", _AS_PICTURE),
    (0, b"\x01\xda", "an SGI picture", _AS_PICTURE),
    (0, b"\x59\xa6\x6a\x95", "a Sun raster picture", _AS_PICTURE),
    (0, b"\n\x05\x01", "a PCX picture", _AS_PICTURE),
    (0, b"AT&TFORM", "a DjVu document", _PAGE),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows drawing (WMF)", _AS_PICTURE),
    (40, b" EMF", "a Windows drawing (EMF)", _AS_PICTURE),
    (128, b"DICM", "a DICOM file", _SLICE),
    (0, b"SIMPLE  =", "a FITS file", _SLICE),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 or NetCDF file", _SLICE),
    (0, b"\x0e\x03\x13\x01", "an HDF4 file", _SLICE),
    (0, b"CDF\x01", "a NetCDF file", _SLICE),
    (0, b"CDF\x02", "a NetCDF file", _SLICE),
    (344, b"n+1\0", "a NIfTI volume", _SLICE),
    (344, b"ni1\0", "a NIfTI volume", _SLICE),
    (0, b"NRRD0", "an NRRD volume", _SLICE),
    (0, b"\xda\xce\xbe\x0a", "an ND2 microscope file", _SLICE),
    (0, b"ZISRAWFILE", "a CZI microscope file", _SLICE),
    (0, b"\x93NUMPY", "an array of NumPy", "save it as PNG or TIFF"),
    (8, b"AVI ", "a video", _ONE_FRAME),
    (8, b"WAVE", "a sound", _OTHER),
    (0, b"\x1a\x45\xdf\xa3", "a video", _ONE_FRAME),
    (0, b"FLV\x01", "a video", _ONE_FRAME),
    (0, b"\0\0\x01\xba", "a video", _ONE_FRAME),
    (0, b"\x30\x26\xb2\x75", "a Windows Media file", _ONE_FRAME),
    (4, b"moov", "a video", _ONE_FRAME),
    (4, b"mdat", "a video", _ONE_FRAME),
    (0, b"OggS", "a sound or a video", _ONE_FRAME),
    (0, b"ID3", "a sound", _OTHER),
    (0, b"fLaC", "a sound", _OTHER),
    (0, b"PK\x03\x04", "a zip file", _UNPACK),
    (0, b"PK\x05\x06", "an empty zip file", _OTHER),
    (0, b"Rar!\x1a\x07", "a RAR file", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z file", _UNPACK),
    (257, b"ustar", "a tar file", _UNPACK),
    (0, b"\x1f\x8b", "a packed file (gzip)", _UNPACK),
    (0, b"BZh", "a packed file (bzip2)", _UNPACK),
    (0, b"\xfd7zXZ\0", "a packed file (xz)", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a packed file (zstd)", _UNPACK),
    (0, b"\xd0\xcf\x11\xe0", "an Office document", _PAGE),
    (0, b"{\\rtf", "an RTF document", _PAGE),
    (0, b"SQLite format 3", "a database", _OTHER),
    (0, b"PAR1", "a Parquet table", _OTHER),
)
# By the brand of a file of the family that MP4 and HEIF belong to.
_BRANDS = {b"crx ": (RAW.what, RAW.advice), b"jxl ": ("a JPEG XL picture", _AS_PICTURE)}
_BRANDS |= dict.fromkeys((b"M4A ", b"M4B "), ("a sound", _OTHER))
_BRANDS |= dict.fromkeys(
    (b"avci", b"avcs", b"j2ki", b"j2is", b"jpeg", b"jpgs", b"mif2", b"msf1", b"miaf", b"unif"),
    ("an unusual kind of HEIF picture", _AS_PICTURE),
)
_INSIDE_ZIP = ((b"word/", b"ppt/", b"xl/", b"[Content_Types].xml"), "an Office document", _PAGE)
_PROLOGUE = rb"(?:<[?!][^>]{0,500}>\s*|<!--.{0,2000}?-->\s*){0,20}"
_MARKUP = re.compile(_PROLOGUE + rb"<(svg|html|head|body)\b", re.S)


def foreign(data: bytes) -> OtherKind | None:
    """What a file is that isn't among the pictures read here; None where it can't be told.

    >>> foreign(b"%PDF-1.7").what
    'a PDF document'
    >>> foreign(b"Dear picture")
    """
    head = data[:4096]
    if head[4:8] == b"ftyp":
        return OtherKind(*_BRANDS.get(head[8:12], ("a video", _ONE_FRAME)))
    for at, signature, what, advice in _SIGNATURES:
        if head.startswith(signature, at):
            if what == "a zip file" and any(name in head for name in _INSIDE_ZIP[0]):
                return OtherKind(*_INSIDE_ZIP[1:])
            return OtherKind(what, advice)
    if data[-18:-2] == b"TRUEVISION-XFILE":
        return OtherKind("a TGA picture", _AS_PICTURE)
    markup = _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf").lstrip().lower())
    if markup:
        if markup[1] == b"svg":
            return OtherKind("an SVG drawing", _AS_PICTURE)
        return OtherKind("a web page", "save the picture on it, not the page")
    return None
