"""`python -m ps_analytics` is the same as `psa`."""

from ps_analytics.cli.main import main

main()
