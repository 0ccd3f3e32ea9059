"""Leave to upload to the model's storage: what the service answers, and the form that it makes."""

from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

_MARGIN_SECONDS = 30.0
_MARGIN_SHARE = 0.5
_MEGABYTE = 1 << 20


class UploadPolicy(BaseModel):
    """A signed policy, by the names of the service (Model Studio, "Upload local files to get a temporary URL")."""

    policy: str
    signature: str
    upload_dir: str
    upload_host: str
    expire_in_seconds: float = Field(gt=0)
    max_file_size_mb: int = Field(gt=0)
    oss_access_key_id: str
    x_oss_object_acl: str
    x_oss_forbid_overwrite: str

    @field_validator("upload_host")
    @classmethod
    def _is_a_web_address(cls, url: str) -> str:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("must be an http:// or https:// address")
        return url

    @property
    def max_bytes(self) -> int:
        """The largest file."""
        return self.max_file_size_mb * _MEGABYTE

    @property
    def usable_seconds(self) -> float:
        """From its issue: an upload that begins later might not be through in time."""
        return self.expire_in_seconds - min(_MARGIN_SECONDS, self.expire_in_seconds * _MARGIN_SHARE)

    def form(self, key: str) -> dict[str, str]:
        """The fields that go before the file, for an object of that name."""
        return {
            "OSSAccessKeyId": self.oss_access_key_id,
            "Signature": self.signature,
            "policy": self.policy,
            "key": key,
            "x-oss-object-acl": self.x_oss_object_acl,
            "x-oss-forbid-overwrite": self.x_oss_forbid_overwrite,
            "success_action_status": "200",
        }
