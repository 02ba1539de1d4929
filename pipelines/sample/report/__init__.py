"""How realistic the sample is: its shapes beside real ones, each with the band in which it should lie. Nothing here makes the sample."""

from pipelines.sample.report.reporting import report_on
from pipelines.sample.report.shape import Shape

__all__ = ["Shape", "report_on"]
