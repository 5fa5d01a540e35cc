"""What int8 files of every format need: inputs to calibrate with, a quantiser run as a program, weights checked."""
