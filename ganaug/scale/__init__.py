"""Data larger than memory, on Dask: a sample of each class to learn from, and synthetic rows written part by part."""

from ganaug.scale.frame import oversample_dask
from ganaug.scale.parquet import BalancedParquet, balance_parquet

__all__ = ["BalancedParquet", "balance_parquet", "oversample_dask"]
