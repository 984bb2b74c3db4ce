"""What an empty plans database begins with: the catalogue's subset and sample rules."""

from __future__ import annotations

from sqlalchemy import select

from services.plans.catalogue import CatalogueItem, first_catalogue
from services.plans.policy import shipped
from shared.service import Running


def first_start(here: Running) -> None:
    """Loads the reference data where there is none; harmless when called again."""
    with here.store.work() as work:
        if work.first(select(CatalogueItem.code)) is None:
            first_catalogue(work)
            for row in shipped("sample_rules"):
                row.published_at = work.now
                work.add(row)
