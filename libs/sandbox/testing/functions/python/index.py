import os
import sys
import time

count = 0


def handler(event, context):
    global count
    count += 1
    return {"count": count, "cwd": os.getcwd(), "path": sys.path[0], "zone": time.tzname[0], "greeting": os.environ.get("GREETING"), "memory": context.memory_limit_in_mb}
