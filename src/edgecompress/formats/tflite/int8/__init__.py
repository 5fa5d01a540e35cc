"""int8 arithmetic for TFLite: ai-edge-quantizer on the float32 file."""
