"""Microcontrollers: the proof of an int8 file in TensorFlow Lite Micro, its C++ sources, and what Vela makes of it."""
