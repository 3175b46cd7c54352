"""What pictures show: noise, levels, colour of the light, fields, motion."""
