"""Write firestore.indexes.json from the indexes that the program declares (ohmyagent/records/indexes.py)."""

import json
from pathlib import Path

from ohmyagent.records.indexes import firestore_indexes_json

if __name__ == "__main__":
    file = Path(__file__).resolve().parents[1] / "firestore.indexes.json"
    file.write_text(json.dumps(firestore_indexes_json(), indent=2) + "\n", encoding="utf-8")
