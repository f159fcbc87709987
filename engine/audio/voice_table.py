"""Fitted numbers of `voice.py`: a network of 12 inputs, 8 hidden units (tanh) and one output (logistic).

Printed by `tools/fit_speech.py` from 700 mixtures of 30 s, all of made material. Speech: 160 sentences of
espeak-ng's voices in seven languages. Music: 48 pieces of `sketch`, 80 sampled General MIDI pieces and 120
drum-and-chord patterns written by program. Half of the files were kept out of the fit; on mixtures of
those, music 0 to 15 dB under the speech: F1 .945, and 0.2 % of the frames of music alone taken for speech.
No human speaker was in it: `narration.flac` and espeak voices judge it in the tests.
"""

from __future__ import annotations

# Of the numbers that voice.py calls NAMES.
MEANS = (5.57, 4.28, 4.21, 2.14, 0.572, 0.307, 0.67, 0.311, 0.161, 0.342, 0.336, 0.665)
SPREADS = (3.1, 2.73, 2.79, 0.946, 0.148, 0.254, 0.279, 0.234, 0.129, 0.243, 0.237, 0.364)
# One row a number of NAMES, one column a hidden unit.
HIDDEN = (
    (0.484, -0.299, 0.0141, -0.211, 1.19, -0.147, -3.53, -0.0414),
    (-0.689, 0.638, -0.752, 0.215, -1.04, -0.713, 1.07, -0.00939),
    (0.213, -0.268, -0.062, -0.709, 0.134, 0.167, 0.0316, -0.0218),
    (-0.348, 0.0519, 0.509, 0.503, 0.0118, 0.43, 0.72, -0.465),
    (-0.373, 0.262, 0.871, -0.0736, 0.22, -0.603, 0.122, 0.613),
    (-0.124, 0.0826, -0.185, -0.327, -0.206, 0.394, -0.602, 0.22),
    (0.0543, -0.337, 0.329, 0.19, 0.394, -0.231, 0.202, -1.93),
    (-0.0577, 0.0754, -0.0463, -0.127, -0.305, 0.148, -0.0189, -0.741),
    (-0.147, 0.0563, -0.323, 0.0108, 0.14, 0.286, 0.177, 0.61),
    (-0.758, -0.0309, -0.452, -0.293, 0.00331, 0.209, -0.0959, 0.427),
    (0.253, -0.0374, -0.0991, -0.0242, -0.00764, -1.39, 0.266, -0.0823),
    (-0.0705, 0.0919, -0.146, -0.0033, 0.182, 0.351, 0.177, 0.21),
)
HIDDEN_BIAS = (0.935, 0.483, -0.783, -1.34, 0.697, 1.84, -2.16, -0.825)
OUTPUT = (4.84, 5.54, -5.17, 7.95, 4.4, 1.99, -4.42, -1.52)
OUTPUT_BIAS = -9.48
