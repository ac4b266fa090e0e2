"""Regenerates `telemetry_pb2.py` and its stub from `proto/telemetry.proto`: `python -m ps_analytics.proto.generate`."""

import sys
from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "proto" / "telemetry.proto"


def generate(folder: Path) -> None:
    """Write the generated module and its type stub into a folder; needs grpcio-tools (the `dev` group)."""
    from grpc_tools import protoc  # type: ignore[import-untyped]  # a development tool, absent in an installation

    arguments = ["protoc", f"-I{SCHEMA.parent}", f"--python_out={folder}", f"--pyi_out={folder}", str(SCHEMA)]
    if protoc.main(arguments) != 0:
        sys.exit(f"protoc refused {SCHEMA}")


if __name__ == "__main__":
    generate(Path(__file__).parent)
