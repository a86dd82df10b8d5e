"""The pictures to choose among: data sets, uploads, the camera."""
