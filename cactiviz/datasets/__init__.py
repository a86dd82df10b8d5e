"""Data sets: packaged samples, generated scenes, folders on disk, and downloads."""

from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.datasets.registry import (
    DATASETS,
    Archive,
    DatasetSpec,
    data_folder,
    find_dataset,
    get_dataset_spec,
    is_address,
    is_on_disk,
    open_dataset,
    open_item,
    register,
)

__all__ = [
    "DATASETS",
    "Archive",
    "Dataset",
    "DatasetSpec",
    "Item",
    "data_folder",
    "find_dataset",
    "get_dataset_spec",
    "is_address",
    "is_on_disk",
    "open_dataset",
    "open_item",
    "register",
]
