"""`python -m benchmarks.alone module:function '[arguments]'`: calls it, and prints what it returned as JSON."""

import importlib
import json
import sys

if __name__ == "__main__":
    module, _, function = sys.argv[1].partition(":")
    returned = getattr(importlib.import_module(module), function)(*json.loads(sys.argv[2]))
    sys.stdout.write(f"{json.dumps(returned)}\n")
