"""The wire: generated messages and the codec between them and columns."""
