"""Cinder's driver of volumes without content."""

# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

from typing import Any

from cinder.volume import driver


class Nowhere(driver.VolumeDriver):
    """Makes and deletes volumes at once; they have no content."""

    VERSION = "1.0"

    def check_for_setup_error(self) -> None:
        """Do nothing: there is nothing to check."""

    def create_volume(self, volume: Any) -> None:
        """Do nothing: a volume has no content."""

    def delete_volume(self, volume: Any) -> None:
        """Do nothing: nothing was created."""

    def ensure_export(self, context: Any, volume: Any) -> None:
        """Do nothing: no host attaches volumes."""

    create_export = remove_export = ensure_export

    def _update_volume_stats(self) -> None:
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name"),
            "vendor_name": "testbed",
            "driver_version": self.VERSION,
            "storage_protocol": "none",
            "total_capacity_gb": "infinite",
            "free_capacity_gb": "infinite",
        }
