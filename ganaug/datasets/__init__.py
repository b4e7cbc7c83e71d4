"""Files of tables and images: read them, and write them back with synthetic rows or images."""

from ganaug.datasets.image_files import (
    check_image_file,
    check_synthetic_folder,
    find_image_files,
    read_image_file,
    read_image_like,
    write_image_file,
)
from ganaug.datasets.image_folder import extension_of
from ganaug.datasets.image_groups import read_image_attributes, read_image_groups
from ganaug.datasets.image_manifest import MANIFEST, write_manifest
from ganaug.datasets.image_pair import pairs_by_name, read_image_pair
from ganaug.datasets.image_set import (
    ImageSet,
    add_image_columns,
    check_dicom_output,
    check_image_output,
    check_image_space,
    check_sample_output,
    read_images,
    write_image_samples,
    write_images,
)
from ganaug.datasets.parquet_files import (
    copy_parquet,
    find_parquet_files,
    frame_of_arrow,
    parquet_index,
    parquet_parts,
    parquet_schema,
    write_parquet_rows,
)
from ganaug.datasets.table import Table, check_output, read_table, write_table, write_table_samples
from ganaug.datasets.table_cells import cells_of, numbers_of, value_of
from ganaug.datasets.table_targets import read_targets, warn_of_numbers_missing

__all__ = [
    "MANIFEST",
    "ImageSet",
    "Table",
    "add_image_columns",
    "cells_of",
    "check_dicom_output",
    "check_image_file",
    "check_image_output",
    "check_image_space",
    "check_output",
    "check_sample_output",
    "check_synthetic_folder",
    "copy_parquet",
    "extension_of",
    "find_image_files",
    "find_parquet_files",
    "frame_of_arrow",
    "numbers_of",
    "pairs_by_name",
    "parquet_index",
    "parquet_parts",
    "parquet_schema",
    "read_image_attributes",
    "read_image_file",
    "read_image_groups",
    "read_image_like",
    "read_image_pair",
    "read_images",
    "read_table",
    "read_targets",
    "value_of",
    "warn_of_numbers_missing",
    "write_image_file",
    "write_image_samples",
    "write_images",
    "write_manifest",
    "write_parquet_rows",
    "write_table",
    "write_table_samples",
]
