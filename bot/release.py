"""Which release this is: said here, since the image carries the program without its package's metadata."""

RELEASE = "0.1.0"
