"""Every setting of Recur: one class, read from RECUR_… environment variables."""

import functools
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from tzlocal import get_localzone_name

from app.nearest import nearest
from app.passwords import weakness

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "RECUR_"


@functools.cache
def _time_zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}  # reads a folder of hundreds of files


def zone_named(text: str) -> str:
    """The IANA name of a time zone, written in any case, with underscores or spaces. Raises ValueError."""
    name = text.replace(" ", "_").casefold()
    if name not in _time_zones():
        near = nearest(name, _time_zones())
        hint = f"Did you mean {_time_zones()[near]}?" if near else "Use an IANA name such as Europe/Berlin."
        raise ValueError(f"{text[:60]!r} is not a time zone. {hint}")
    return _time_zones()[name]


ZoneName = Annotated[str, AfterValidator(zone_named)]
Hour = Annotated[int, Field(ge=0, le=23)]
CardsPerDay = Annotated[int, Field(ge=0, le=9999)]
Retention = Annotated[float, Field(ge=0.70, le=0.97)]
Access = Literal["open", "household", "accounts"]
Listed = Annotated[tuple[str, ...], NoDecode]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_LOCK_IT = "set RECUR_PASSWORD, RECUR_PASSWORD_FILE, or RECUR_ACCESS=accounts"


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Settings(BaseSettings):
    """The settings of a server. Each field is the environment variable RECUR_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", validate_default=True)

    host: str = Field(
        "127.0.0.1", description="Address to listen on. Anything but loopback needs RECUR_PASSWORD, or accounts."
    )
    access: Access | None = Field(
        None,
        description="How people come in: `open` (whoever uses this machine), `household` (one password, and profiles "
        "to choose from) or `accounts` (everybody signs in). By default `household` if a password is set, otherwise "
        "`open`.",
    )
    plain_http: bool = Field(
        False,
        description="With accounts: answer other machines over plain http too. Whoever is on the network between can "
        "then read passwords and take over sessions.",
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    tls_cert: Path | None = Field(
        None, description="File with the certificate (PEM) by which Recur itself speaks https."
    )
    tls_key: Path | None = Field(None, description="File with the private key of this certificate (PEM).")
    workers: int = Field(1, ge=1, le=64, description="Processes that `recur serve` answers with.")
    database_url: str = Field(
        f"sqlite:///{ROOT / 'data' / 'recur.sqlite'}",
        description="The database: an SQLite file, or an address such as postgresql://USER@HOST/NAME.",
    )
    content_dir: Path = Field(
        ROOT / "content", description="Folder with sources.yaml and one folder of Markdown files for each deck."
    )
    backups: int = Field(
        7,
        ge=0,
        description="How many copies of the database to keep of each kind (daily, before a migration); 0 makes none.",
    )
    backup_dir: Path | None = Field(
        None, description="Folder for these copies; by default `backups` beside an SQLite file, or `data/backups`."
    )
    watch: bool = Field(True, description="While serving, pick up saved content files within a second.")
    new_per_day: CardsPerDay = Field(20, description="New cards shown per day.")
    desired_retention: Retention = Field(0.9, description="Chance of recall at which a card is asked again.")
    time_zone: ZoneName = Field(
        default_factory=get_localzone_name, description='IANA time zone that decides what "today" is.'
    )
    day_starts_at: Hour = Field(4, description="Hour, in local time, at which the day ends.")
    password: SecretStr | None = Field(
        None,
        description="Password that every page asks for (any user name): at least 8 characters, and none that is easy "
        "to guess.",
    )
    password_file: Path | None = Field(
        None, description="File that contains the password, such as a container secret; instead of RECUR_PASSWORD."
    )
    allowed_hosts: Listed = Field(
        (),
        description="With a password or accounts: the host names that the server answers to, beside this machine's "
        "own, separated by commas; none means any.",
    )
    trusted_proxies: Listed = Field(
        ("127.0.0.1", "::1"),
        description="Addresses or networks of reverse proxies, separated by commas, that are trusted about "
        "a client's address and https (X-Forwarded-For, X-Forwarded-Proto).",
    )
    editing: bool | None = Field(
        None,
        description="Show drafts, mistakes and previews on /content to everybody who uses the server. By default only "
        "if it listens on loopback.",
    )
    edit_url: str = Field(
        "vscode://file{path}:{line}",
        description="Address that opens a card's file; {path} (or {file}, within the content folder) and {line} are "
        "filled in.",
    )
    max_connections: int = Field(
        1_000,
        ge=1,
        description="Largest number of connections that each process holds at once; fewer if its limit of open files "
        "is low.",
    )
    max_learners: int = Field(500, ge=1, description="Largest number of learners on the server.")
    deletion_days: int = Field(
        7,
        ge=0,
        le=365,
        description="Days until a deletion is final; until then the learner can take it back. 0 deletes at once.",
    )
    max_body_bytes: int = Field(1_000_000, ge=1_000, description="Largest request body that is read.")
    max_import_bytes: int = Field(
        10_000_000,
        ge=1_000,
        description="Largest history that can be imported through the browser: 10 MB are about 25,000 reviews.",
    )
    log_format: LogFormat = Field("text", description="Format of the log: text or json, one event per line.")
    log_level: LogLevel = Field("info", description="Least serious events to log: debug, info, warning or error.")
    access_log: bool | None = Field(
        None, description="Log every request at level info. By default only if RECUR_LOG_FORMAT is json."
    )
    metrics: bool = Field(
        False, description="Serve /metrics for Prometheus: with the password, or only to this machine if there is none."
    )
    revision: Annotated[str, Field(max_length=64, pattern=r"^[\w.+-]*$")] = Field(
        "", description="Commit that is running, if git cannot tell; images are built with it."
    )

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, object]) -> dict[str, object]:
        lists = ("allowed_hosts", "trusted_proxies")
        return {name: _split(value) if name in lists else value for name, value in values.items()}

    @model_validator(mode="before")
    @classmethod
    def _read_password(cls, values: dict[str, object]) -> dict[str, object]:
        file = values.get("password_file")
        if file is None:
            return values
        if values.get("password") is not None:
            raise ValueError("Set RECUR_PASSWORD or RECUR_PASSWORD_FILE, not both.")
        try:
            return values | {"password": Path(str(file)).read_text(encoding="utf-8").strip("\r\n")}
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise ValueError(f"RECUR_PASSWORD_FILE {file} cannot be read: {why}.") from None

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError(
                    f"{error}. Use an address such as 10.0.0.2 or a network such as 10.0.0.0/24."
                ) from None
        return proxies

    @field_validator("password")
    @classmethod
    def _is_hard_to_guess(cls, password: SecretStr | None) -> SecretStr | None:
        if password is not None and (why := weakness(password.get_secret_value())):
            raise ValueError(f"The password {why}.")
        return password

    @model_validator(mode="after")
    def _has_both_files(self) -> "Settings":
        if (self.tls_cert is None) != (self.tls_key is None):
            lacks, has = ("CERT", "KEY") if self.tls_cert is None else ("KEY", "CERT")
            raise ValueError(f"{PREFIX}TLS_{has} is set, and needs {PREFIX}TLS_{lacks} beside it.")
        return self

    @model_validator(mode="after")
    def _lets_in_whom_it_says(self) -> "Settings":
        if self.access == "household" and self.password is None:
            raise ValueError("RECUR_ACCESS is household: set RECUR_PASSWORD or RECUR_PASSWORD_FILE.")
        if self.access in ("open", "accounts") and self.password is not None:
            raise ValueError(
                f"RECUR_ACCESS is {self.access}, which has no use for RECUR_PASSWORD: remove one of the two."
            )
        if self.has_accounts and not (self.is_loopback or self.plain_http or self.names_proxies or self.tls_cert):
            raise ValueError(
                f"RECUR_HOST is {self.host}, which other machines can reach, and accounts need https: set "
                "RECUR_TLS_CERT and RECUR_TLS_KEY, or put a proxy with TLS in front and name it in "
                "RECUR_TRUSTED_PROXIES. RECUR_PLAIN_HTTP=true does without, but then whoever is on the network can "
                "read passwords."
            )
        if not self.is_open:
            return self
        if not self.is_loopback:
            raise ValueError(
                f"RECUR_HOST is {self.host}, which other machines can reach: {_LOCK_IT}, or listen on 127.0.0.1."
            )
        for name, is_set in (("ALLOWED_HOSTS", self.allowed_hosts), ("TRUSTED_PROXIES", self.names_proxies)):
            if is_set:
                raise ValueError(
                    f"{PREFIX}{name} is set, so others can reach this server, and it would let everybody in: "
                    f"{_LOCK_IT}, or remove {PREFIX}{name}."
                )
        return self

    @field_validator("edit_url")
    @classmethod
    def _fills_in(cls, url: str) -> str:
        try:
            url.format(path="", file="", line=1)
        except (LookupError, ValueError, AttributeError):
            raise ValueError(f"{url!r} may hold {{path}}, {{file}} and {{line}}, and no other braces.") from None
        return url

    @property
    def shows_drafts(self) -> bool:
        """True if /content shows the files as their authors see them."""
        return self.is_loopback if self.editing is None else self.editing

    def edit_address(self, path: str, line: int) -> str:
        """The address that opens a line of a content file, by its path within the content folder.

        It is empty on a server that other machines reach, unless RECUR_EDIT_URL is set or does without {path}: the file
        is not on the reader's machine.
        """
        if not self._opens_files:
            return ""
        full = quote(f"{self._content_root}/{path}", safe="/:")
        return self.edit_url.format(path=full, file=quote(path), line=line)

    @functools.cached_property
    def _opens_files(self) -> bool:
        return self.is_loopback or "{path}" not in self.edit_url or "edit_url" in self.model_fields_set

    @functools.cached_property
    def _content_root(self) -> str:
        return "/" + self.content_dir.absolute().as_posix().lstrip("/")

    @property
    def is_open(self) -> bool:
        """True if whoever reaches the server is let in."""
        return self.password is None and not self.has_accounts

    @property
    def has_accounts(self) -> bool:
        """True if everybody signs in."""
        return self.access == "accounts"

    @property
    def names_proxies(self) -> bool:
        """True if somebody has named proxies to be trusted."""
        return bool(self.trusted_proxies) and self.trusted_proxies != Settings.model_fields["trusted_proxies"].default

    @property
    def logs_every_request(self) -> bool:
        """True if there is an access log."""
        return self.log_format == "json" if self.access_log is None else self.access_log

    @property
    def is_loopback(self) -> bool:
        """True if only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.time_zone)


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """One sentence for each RECUR_… variable that no setting reads, with the nearest known name."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    sentences = []
    for name in sorted(n for n in environ if n.upper().startswith(PREFIX) and n.upper() not in known):
        near = nearest(name.upper(), known, cutoff=0)
        sentences.append(f"{name} is not a setting of Recur. The nearest is {near}.")
    return sentences
