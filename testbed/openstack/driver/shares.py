"""Manila's part of shares that lie nowhere."""

# mypy: disable-error-code="import-not-found, import-untyped, misc"
# ruff: noqa: ARG002 (Manila says what it hands over)

from __future__ import annotations

from typing import Any

from manila.share import driver

_CAPACITY = 1_000_000  # GiB


class Nowhere(driver.ShareDriver):
    """Makes and deletes shares at once; they have no content."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(False, *arguments, **settings)  # it makes no servers for its shares

    def check_for_setup_error(self) -> None:
        """Nothing to be wrong."""

    def create_share(self, context: Any, share: Any, share_server: Any = None) -> str:
        """Where a share would be mounted from."""
        return f"127.0.0.1:/{share['id']}"

    def delete_share(self, context: Any, share: Any, share_server: Any = None) -> None:
        """Nothing to be removed."""

    def ensure_shares(self, context: Any, shares: Any) -> dict[str, Any]:
        """Nothing to be brought back after a start."""
        return {}

    def update_access(self, *arguments: Any, **settings: Any) -> None:
        """Nothing to be kept from anybody."""

    def _update_share_stats(self, data: Any = None) -> None:
        super()._update_share_stats(
            {
                "share_backend_name": self.configuration.safe_get("share_backend_name"),
                "vendor_name": "testbed",
                "storage_protocol": "CEPHFS",
                # no text here: the scheduler reckons with it
                "total_capacity_gb": _CAPACITY,
                "free_capacity_gb": _CAPACITY,
            }
        )
