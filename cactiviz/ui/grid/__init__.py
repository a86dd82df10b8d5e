"""The comparison as one table in the browser: networks as columns, views as rows.

Python sends what there is to see; scaling, painting and looking closer happen in the browser, so
that none of it needs a run of the page.
"""
