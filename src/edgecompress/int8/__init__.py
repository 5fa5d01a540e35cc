"""Parts that int8 files of every format share: calibration inputs, a quantiser as a program, checks of weights."""
