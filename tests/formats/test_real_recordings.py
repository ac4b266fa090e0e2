"""Every MoTeC and iRacing file beside the checkout against what independent readers found in it."""

import json
from pathlib import Path

import pytest

from ps_analytics.formats.base import read_recording


def test_every_real_file_opens_or_is_refused_as_its_truth_says(shared_data: Path) -> None:
    for folder in ("motec_ld", "iracing_ibt", "iracing_memdump"):
        for path in sorted((shared_data / folder).iterdir()):
            truth = json.loads((shared_data / "truth" / f"{folder}__{path.name}.json").read_text())
            if "refused_with" in truth:
                with pytest.raises(Exception) as caught:  # noqa: PT011 - the class is checked by name below
                    read_recording(path)
                assert type(caught.value).__name__ in truth["refused_with"]
            else:
                assert read_recording(path).sha256 == truth["sha256"]
