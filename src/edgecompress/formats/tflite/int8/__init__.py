"""int8 arithmetic for TFLite: Google's quantiser on the float32 file."""
