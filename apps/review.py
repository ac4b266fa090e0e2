"""The review page, `/review`: two laps beside each other, against distance."""

from ps_analytics.ui.shell import review_page

review_page().servable()
