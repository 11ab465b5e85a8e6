"""`python -m gateway.web.describe`: the OpenAPI document on standard output, from which the screens' types are made."""

import sys

import msgspec

from core.settings import Settings
from gateway.app import create_app

if __name__ == "__main__":
    document = create_app(Settings()).openapi()  # nothing connects
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
