"""One text, many renderings (rule 14): an agreement in plain words for each reader."""

from redaction.explain.catalog import Catalog
from redaction.explain.page import Page, Points, Section
from redaction.explain.pages import explain
from redaction.explain.told import Reader, told

__all__ = ["Catalog", "Page", "Points", "Reader", "Section", "explain", "told"]
