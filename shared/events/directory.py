"""What the directory tells: whole states of people, organisations and districts, versioned."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.events import Event, Part


class Appointment(Part):
    """A role of a person in an organisation, from a day until a day (both included; open when absent)."""

    organisation_id: UUID
    role: str
    positions: list[str] = Field(default_factory=list)
    valid_from: date | None = None
    valid_until: date | None = None


class PersonChanged(Event):
    """The whole state of a person, without phone, address or password. `epoch` grows when tokens must die."""

    type: ClassVar[str] = "person.changed"
    publisher: ClassVar[str] = "directory"

    person_id: UUID
    version: int
    name: str
    active: bool
    epoch: int
    appointments: list[Appointment]

    @property
    def subject(self) -> str:
        return f"person/{self.person_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class PersonContactChanged(Event):
    """How a person is reached; heard by notify only."""

    type: ClassVar[str] = "person.contact_changed"
    publisher: ClassVar[str] = "directory"

    person_id: UUID
    version: int
    email: str = ""
    phone: str = ""

    @property
    def subject(self) -> str:
        return f"person/{self.person_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class OrganisationChanged(Event):
    """The whole state of an organisation; `superior_id` is its 主管单位."""

    type: ClassVar[str] = "organisation.changed"
    publisher: ClassVar[str] = "directory"

    organisation_id: UUID
    version: int
    uscc: str
    name: str
    kind: str
    district_code: str
    superior_id: UUID | None = None
    import_exempt_class: str | None = None
    active: bool = True

    @property
    def subject(self) -> str:
        return f"organisation/{self.organisation_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class DistrictChanged(Event):
    """The whole state of a district; `path` lists the codes from the root, `/140000/140100/`."""

    type: ClassVar[str] = "district.changed"
    publisher: ClassVar[str] = "directory"

    code: str
    version: int
    name: str
    level: str
    parent_code: str | None
    path: str
    selectable: bool = True

    @property
    def subject(self) -> str:
        return f"district/{self.code}"

    @property
    def subject_version(self) -> int:
        return self.version


class ServiceAccountChanged(Event):
    """The whole state of a service account, without its secret. One that is inactive may do nothing more,
    whatever token it still has. It acts in the district of the path and below, everywhere without one."""

    type: ClassVar[str] = "service_account.changed"
    publisher: ClassVar[str] = "directory"

    account_id: UUID
    version: int
    name: str
    active: bool
    district_path: str = ""

    @property
    def subject(self) -> str:
        return f"service_account/{self.account_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class CalendarDay(Part):
    """A day that an administrator has set: worked or not, and why."""

    date: date
    working: bool
    note: str = ""


class CalendarYearChanged(Event):
    """The whole of what administrators have set for a year. `complete`: all its holidays and make-up days are
    there, so that the other days follow the week."""

    type: ClassVar[str] = "calendar.year_changed"
    publisher: ClassVar[str] = "directory"

    year: int
    version: int
    complete: bool
    days: list[CalendarDay]

    @property
    def subject(self) -> str:
        return f"calendar/{self.year}"

    @property
    def subject_version(self) -> int:
        return self.version
