"""Manila's driver of shares without content."""

# mypy: disable-error-code="import-not-found, import-untyped, misc"
# ruff: noqa: ARG002 (required by Manila's interface)

from __future__ import annotations

from typing import Any

from manila.share import driver

_CAPACITY = 1_000_000  # GiB


class Nowhere(driver.ShareDriver):
    """Makes and deletes shares at once; they have no content."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(False, *arguments, **settings)  # without share servers

    def check_for_setup_error(self) -> None:
        """Do nothing: there is nothing to check."""

    def create_share(self, context: Any, share: Any, share_server: Any = None) -> str:
        """The export path of a share."""
        return f"127.0.0.1:/{share['id']}"

    def delete_share(self, context: Any, share: Any, share_server: Any = None) -> None:
        """Do nothing: a share has no content."""

    def ensure_shares(self, context: Any, shares: Any) -> dict[str, Any]:
        """Do nothing: nothing is lost at a restart."""
        return {}

    def update_access(self, *arguments: Any, **settings: Any) -> None:
        """Do nothing: a share has no content to protect."""

    def _update_share_stats(self, data: Any = None) -> None:
        super()._update_share_stats(
            {
                "share_backend_name": self.configuration.safe_get("share_backend_name"),
                "vendor_name": "testbed",
                "storage_protocol": "CEPHFS",
                # numbers, because the scheduler calculates with them
                "total_capacity_gb": _CAPACITY,
                "free_capacity_gb": _CAPACITY,
            }
        )
