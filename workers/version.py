"""The version that every document and product names as its method's."""

from importlib.metadata import version

VERSION = version("ogive")
