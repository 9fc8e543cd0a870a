"""Whether a certificate and its key can be served by TLS, found out before the server starts."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_WHATEVER_THE_TIME = ssl.VerifyFlags(0x200000)  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for
_TIMES = ("notBefore", "notAfter")
_MAKE_ONE = "Ask whoever signs your certificates for a new one, or make one with mkcert."


class CertificateError(ValueError):
    """The certificate or its key cannot be used; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The names that a certificate is for, and when it ends, in UTC."""

    names: tuple[str, ...]
    ends_at: datetime


def check_certificate(cert: Path, key: Path, now: datetime) -> Certificate:
    """Load both files as a server does, and greet that server once, in memory. Raises CertificateError."""
    for name, path in (("certificate", cert), ("key", key)):
        _check_readable(name, path)
    if "ENCRYPTED" in key.read_text(errors="replace"):
        plain = f"openssl pkey -in {key} -out plain-key.pem"
        raise CertificateError(
            f"The key {key} needs a passphrase, which nobody types when a server starts. Make one without: {plain}"
        )
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        client.load_verify_locations(cert)
    except ssl.SSLError:
        raise CertificateError(f"{cert} holds no certificate in PEM (-----BEGIN CERTIFICATE-----).") from None
    try:
        server.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateError(
                f"The key {key} does not belong to the certificate {cert}. In {cert} the server's own certificate "
                "comes first, before those of its signers."
            ) from None
        if error.reason and error.reason.endswith(("TOO_SMALL", "TOO_WEAK")):
            raise CertificateError(f"{cert} is too weak for TLS ({error.reason}). {_MAKE_ONE}") from None
        raise CertificateError(f"{key} holds no private key in PEM (-----BEGIN PRIVATE KEY-----).") from None
    client.check_hostname = False
    client.verify_flags |= _WHATEVER_THE_TIME | ssl.VERIFY_X509_PARTIAL_CHAIN  # its own word is enough here
    try:
        told = _greet(server, client)
    except ssl.SSLError as error:
        raise CertificateError(f"Browsers would refuse the certificate {cert}: {_why(error)}. {_MAKE_ONE}") from None
    begins, ends = (datetime.fromtimestamp(ssl.cert_time_to_seconds(told[name]), UTC) for name in _TIMES)
    if ends <= now:
        raise CertificateError(f"The certificate {cert} expired on {ends:%Y-%m-%d}. Renew it, then start again.")
    if begins > now:
        raise CertificateError(
            f"The certificate {cert} is valid from {begins:%Y-%m-%d} on. Is the clock of this machine right?"
        )
    return Certificate(tuple(name for _kind, name in told.get("subjectAltName", ())), ends)


def _check_readable(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        helps = "Let the account that runs Recur read it" if isinstance(error, PermissionError) else "Check the path"
        raise CertificateError(f"The {name} {path} cannot be read: {error.strerror}. {helps}.") from None


def _greet(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    """Shake hands; returns what the client learns of the certificate. Raises ssl.SSLError."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)
    for _turn in range(10):
        waits = 0
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                waits += 1
        if not waits:
            break
    return dict(ends[0].getpeercert() or {})


def _why(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or error.reason or str(error)
