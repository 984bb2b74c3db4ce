"""What an empty directory needs before anybody can use it: districts, signing keys, one administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from services.directory.appointment import new_appointment
from services.directory.district import District, shipped_districts
from services.directory.organisation import Kind, new_organisation
from services.directory.password import hash_password, random_password
from services.directory.person import Person, Profile, new_person
from services.directory.signing_key import make_keys
from services.directory.tables import take_turn
from shared.people import Role
from shared.settings import write_secret
from shared.store import Work

if TYPE_CHECKING:
    from shared.service import Running

LOGIN = "admin"
FILE = "first-admin"
HOME = "140000"


def first_start(running: Running) -> None:
    """Fills what is missing, once, however many processes call it at the same time.

    The administrator's one-time password is written to `DATA_DIR/first-admin` before the account exists, so
    an account whose password nobody knows can never come to be.
    """
    password = random_password()
    with running.store.read() as look:
        empty = look.first(select(Person.id)) is None
    hashed = hash_password(password) if empty else ""  # takes long: outside of any transaction
    with running.store.work() as work:
        take_turn(work, "first start")
        load_districts(work)
        make_keys(work)
        if hashed and work.first(select(Person.id)) is None:
            running.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_secret(running.settings.data_dir / FILE, f"login: {LOGIN}\npassword: {password}")
            make_administrator(work, hashed)


def load_districts(work: Work) -> None:
    """Loads the shipped districts that are not there yet; those that are stay as they are."""
    known = set(work.all(select(District.code)))
    fresh = [district for district in shipped_districts() if district.code not in known]
    work.add(*fresh)
    work.session.flush()
    work.publish(*(district.changed() for district in fresh))


def make_administrator(work: Work, password_hash: str) -> None:
    """The first platform administrator, in the platform's own organisation."""
    organisation = new_organisation(None, "平台运营机构", Kind.PLATFORM, work.get(District, HOME))
    person = new_person(Profile(LOGIN, "平台管理员"), password_hash, temporary=True)
    work.add(organisation)
    work.session.flush()
    work.add(person)
    person.appointments.append(new_appointment(organisation, Role.PLATFORM_ADMINISTRATOR, []))
    work.publish(organisation.changed(), person.changed(work.today), person.contact_changed())
