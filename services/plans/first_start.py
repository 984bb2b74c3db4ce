"""What an empty plans database begins with: the catalogue's subset and sample thresholds."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from services.plans import reference
from services.plans.catalogue import CatalogueItem, first_catalogue
from services.plans.district import Threshold
from shared.money import parse_yuan
from shared.service import Running
from shared.store import Work


def first_start(here: Running) -> None:
    """Loads the reference data where there is none; harmless when called again."""
    with here.store.work() as work:
        if work.first(select(CatalogueItem.code)) is None:
            first_catalogue(work)
            _sample_thresholds(work)


def _sample_thresholds(work: Work) -> None:
    for row in reference.read("thresholds"):
        work.add(
            Threshold(
                district_code=row["district_code"],
                budget_level=row["budget_level"],
                kind=row["kind"],
                open_tender_from_fen=parse_yuan(row["open_tender_from"]),
                decentralised_limit_fen=parse_yuan(row["decentralised_limit"]),
                effective_from=date.fromisoformat(row["effective_from"]),
                effective_to=None,
                is_sample=row["is_sample"] == "y",
                source=row["source"],
            )
        )
