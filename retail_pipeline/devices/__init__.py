"""The wire: requests, replies, parsers and the device's clock. The only importer of httpx.

No Dagster, no SQL, and no arithmetic on people here: rows leave as the device reported them.
"""
