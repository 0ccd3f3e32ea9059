"""`make secrets`: fresh secrets for the compose stack, each in a file of its own; files that are there stay."""

import base64
import hashlib
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "secrets"


def main(folder: Path = FOLDER) -> None:
    """Write what is missing. Only the folder is closed: containers read the files under a user id of their own.

    It is closed before anything is in it, also where it was there and open, and whatever the umask is.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for name, content in _fresh().items():
        path = folder / name
        if not path.exists():
            path.write_text(f"{content}\n", encoding="utf-8")
            path.chmod(0o444)


def _fresh() -> dict[str, str]:
    valkey, rabbitmq = secrets.token_hex(24), secrets.token_hex(24)
    return {
        "valkey_users": _users(valkey),
        "valkey_url": f"redis://captionfleet:{valkey}@valkey:6379/0",
        "ledger_url": f"redis://captionfleet:{valkey}@valkey:6379/1",
        "rabbitmq_login": f"default_user = captionfleet\ndefault_pass = {rabbitmq}",
        "rabbitmq_url": f"amqp://captionfleet:{rabbitmq}@rabbitmq:5672//",
        "webhook_secrets": f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
        "flower_login": f"captionfleet:{secrets.token_urlsafe(18)}",
        "grafana_password": secrets.token_urlsafe(18),
        "model_api_key": "the-emulator-takes-any-key",
    }


def _users(password: str) -> str:
    """Valkey's users: one with the password, of which the file holds the hash, and one that may only ask for life."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user default on nopass resetkeys resetchannels -@all +ping\nuser captionfleet on #{digest} ~* &* +@all"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
