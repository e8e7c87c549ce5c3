"""Tests in real browsers; driver.py and conftest.py are the harness."""
