#!/usr/bin/env python3
"""Makes every model in this folder and its golden.json.

    pip install tensorflow-cpu==2.21.0 onnx==1.23.2
    python tests/models/make_models.py [NAME...]

Weights come from seeded generators, so a second run gives the same goldens; the bytes of saved_model.pb may differ.
"""
import sys
from pathlib import Path

import onnx_models
import tensorflow_models

here = Path(__file__).resolve().parent
for library in (tensorflow_models, onnx_models):
    library.make(here, set(sys.argv[1:]))
