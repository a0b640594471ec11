"""Collected only where a real model is at hand: none comes with the project, none is fetched for a test.

    REAL_MODEL_URL=http://127.0.0.1:8080/v1 REAL_MODEL=name pytest services/triage/tests/real_model

Any OpenAI-compatible server will do, a small local one above all.
"""

import os

collect_ignore = [] if os.environ.get("REAL_MODEL_URL") else ["test_real_model.py"]
