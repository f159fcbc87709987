"""Fitted numbers of `voice.py`: a network of 12 inputs, 8 hidden units (tanh) and one output (logistic).

Fitted by back-propagation with weight decay on some 9 h of 30 s mixtures: 16 synthetic voices in seven
languages and recorded prompts of four speakers, alone and over music 0 to 15 dB below them; orchestral and
electronic game music, sampled General MIDI pieces and drum-and-chord patterns alone. On speakers and music
kept out of the fit, at 6 dB over music: F1 .95 (synthetic) and .93 (recorded), 1 to 2 % of the frames of
music alone taken for speech.
"""

from __future__ import annotations

# Of the numbers that voice.py calls NAMES.
MEANS = (4.99, 3.77, 3.79, 2.03, 0.573, 0.301, 0.718, 0.322, 0.165, 0.367, 0.297, 0.666)
SPREADS = (2.67, 2.38, 2.55, 0.754, 0.134, 0.242, 0.255, 0.239, 0.13, 0.236, 0.221, 0.352)
# One row a number of NAMES, one column a hidden unit.
HIDDEN = (
    (0.819, 0.0734, 0.298, -0.217, -1.02, 1.44, -1.15, -0.114),
    (-0.24, 0.168, -0.0981, -0.305, -0.0107, -0.317, 0.295, 0.0756),
    (-0.0208, 0.27, 0.705, 0.203, 1.08, -0.315, -0.0938, -0.17),
    (-0.447, 0.339, -0.812, 0.764, 0.0679, -0.169, 0.376, -0.236),
    (0.0789, 0.141, -1.09, 0.257, 0.283, 0.763, 0.657, -0.275),
    (-0.191, -0.216, -0.0757, -0.485, 0.354, 0.167, 0.298, 0.286),
    (0.329, -0.175, -0.337, -0.987, -0.145, -0.226, -1.09, 0.282),
    (-0.402, -0.334, -0.139, 0.389, 0.395, -0.232, 0.564, 0.00582),
    (-1.15, 0.124, 0.363, 0.0191, -0.127, -0.0999, 0.574, -0.325),
    (-0.422, -0.946, -0.365, -0.515, 0.0533, 0.026, -0.245, -1.42),
    (0.512, -0.498, 0.301, -0.707, -0.124, 0.0525, -0.0181, 0.143),
    (-0.316, 0.367, 0.000434, 0.0624, -0.25, 0.129, -0.0032, 0.0763),
)
HIDDEN_BIAS = (-1.39, -1.97, 0.849, -3.52, 0.907, 1.34, -0.702, 1.19)
OUTPUT = (-1.95, 1.45, 2.49, 1.89, -1.88, 2.12, -2.13, 2.19)
OUTPUT_BIAS = -2.77
