"""Plot layouts: the document, what can be done to it, the shipped ones; `state` has what is kept of them, and how."""

from ps_analytics.ui.layouts.channels import (
    axes_of,
    channels_of,
    panels_of,
    traces_panels,
    with_channel,
    with_name,
    with_stand_ins,
)
from ps_analytics.ui.layouts.document import Layout, read_document
from ps_analytics.ui.layouts.edits import (
    add_panel,
    add_sheet,
    copy_panel,
    move_sheet,
    place,
    remove,
    remove_sheet,
    rename_sheet,
    set_channels,
    set_mode,
    set_options,
    set_title,
    set_x_axis,
    split,
)
from ps_analytics.ui.layouts.kinds import KINDS, all_kinds
from ps_analytics.ui.layouts.shipped import SHIPPED, SHIPPED_NAMES, driver_overview

__all__ = [
    "KINDS",
    "SHIPPED",
    "SHIPPED_NAMES",
    "Layout",
    "add_panel",
    "add_sheet",
    "all_kinds",
    "axes_of",
    "channels_of",
    "copy_panel",
    "driver_overview",
    "move_sheet",
    "panels_of",
    "place",
    "read_document",
    "remove",
    "remove_sheet",
    "rename_sheet",
    "set_channels",
    "set_mode",
    "set_options",
    "set_title",
    "set_x_axis",
    "split",
    "traces_panels",
    "with_channel",
    "with_name",
    "with_stand_ins",
]
