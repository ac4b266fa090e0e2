"""The editor of math channels: state → desk → components, for the review page and for a notebook cell."""
