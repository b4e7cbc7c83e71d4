"""Rules that each real row of a table keeps: learned, given by the user, checked and repaired."""

from ganaug.constraints.cells import Cells
from ganaug.constraints.constraints import Constraints
from ganaug.constraints.learning import learn_constraints, orders_without_exception

__all__ = ["Cells", "Constraints", "learn_constraints", "orders_without_exception"]
