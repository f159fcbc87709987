"""Fitted numbers of `voice.py`: a network of 12 inputs, 8 hidden units (tanh) and one output (logistic).

Printed by `tools/fit_speech.py`, from 1,000 mixtures of 30 s. Speech: 160 sentences of synthetic voices
in seven languages and 260 prompts of four human speakers. Music: 63 orchestral and electronic game pieces,
80 sampled General MIDI pieces, 120 drum-and-chord patterns. Half of the files were kept out of the fit; on
mixtures of those, music 0 to 15 dB under the speech: F1 .95, and 2 % of the frames of music alone taken
for speech.
"""

from __future__ import annotations

# Of the numbers that voice.py calls NAMES.
MEANS = (4.98, 3.76, 3.84, 2.01, 0.579, 0.306, 0.659, 0.276, 0.155, 0.335, 0.279, 0.635)
SPREADS = (2.88, 2.54, 2.68, 0.832, 0.15, 0.257, 0.296, 0.244, 0.132, 0.254, 0.224, 0.38)
# One row a number of NAMES, one column a hidden unit.
HIDDEN = (
    (-3.25, 0.78, -0.221, -0.556, -0.567, -1.04, -0.293, 1.59),
    (2.91, -0.149, -0.0527, -2.77, -0.194, 0.0194, 0.24, -0.967),
    (-0.363, -0.664, -0.00964, 1.49, 0.0876, 0.243, 0.442, 0.489),
    (-0.0661, 0.145, 0.14, 0.0112, 0.426, 0.431, -0.327, 0.667),
    (-0.559, -0.123, 0.0297, 0.32, -0.166, 0.715, -0.474, 0.137),
    (0.814, -0.247, 0.103, 0.674, -0.203, -0.0987, -0.151, 0.0315),
    (-0.074, 0.463, -0.075, -2.17, 0.297, -0.408, -0.146, -0.56),
    (0.423, -0.241, 0.167, 0.886, 0.165, 0.303, -0.0991, -0.556),
    (-0.0463, 0.0744, 0.168, 1.32, 0.274, -0.393, -0.182, 0.00917),
    (0.0194, -0.161, -0.306, -0.48, 0.000124, -0.487, -0.00967, 4.39),
    (-0.304, 0.0371, -0.205, -0.746, -0.13, -0.443, 0.184, -2),
    (-0.127, 0.0632, 0.11, -0.195, 0.0813, 0.0358, -0.0921, 0.561),
)
HIDDEN_BIAS = (-1.23, -1.12, 0.0655, -1.74, -1.11, -0.233, 0.739, 4.34)
OUTPUT = (-2.63, 6.08, 9.99, -1.07, -5.44, -2.47, 6.07, 1.87)
OUTPUT_BIAS = -7.2
