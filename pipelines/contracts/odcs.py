"""The part of the Open Data Contract Standard v3.1 that the contracts use, as typed shapes.

Source: Bitol, Open Data Contract Standard v3.1.0 (https://bitol.io). A key of the standard that nothing here reads is refused like any
other unknown key, so that a contract never promises what nobody keeps.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LogicalType = Literal["string", "date", "timestamp", "number", "integer", "boolean"]
Classification = Literal["public", "internal", "personal", "sensitive"]


class Shape(BaseModel):
    """A mapping with known keys; no value is bent to fit its type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Purpose(Shape):
    """Why the record type exists, how it is delivered, and what one must not expect of it."""

    purpose: str
    usage: str
    limitations: str | None = None


class CustomProperty(Shape):
    """One extension of ours; `model.py` says which there are and what they mean."""

    property: str
    value: str | bool


class ValidValues(Shape):
    """The enumeration of a property."""

    valid_values: list[str] = Field(alias="validValues", min_length=1)


class InvalidValues(Shape):
    """The library rule that no row may hold another value than those listed."""

    type: Literal["library"]
    metric: Literal["invalidValues"]
    must_be: Literal[0] = Field(alias="mustBe")
    arguments: ValidValues


class LogicalTypeOptions(Shape):
    """Bounds of a value. Dates and timestamps are stated as ISO 8601 text, as the standard has it."""

    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    max_length: int | None = Field(default=None, alias="maxLength", ge=1)
    pattern: str | None = None


class OdcsProperty(Shape):
    """One column as a file delivers it. All but the name may come from the shared properties of the same name."""

    name: str
    description: str | None = None
    logical_type: LogicalType | None = Field(default=None, alias="logicalType")
    physical_type: str | None = Field(default=None, alias="physicalType")
    required: bool | None = None
    unique: bool | None = None
    primary_key: bool | None = Field(default=None, alias="primaryKey")
    primary_key_position: int | None = Field(default=None, alias="primaryKeyPosition", ge=1)
    classification: Classification | None = None
    logical_type_options: LogicalTypeOptions | None = Field(default=None, alias="logicalTypeOptions")
    quality: list[InvalidValues] | None = Field(default=None, min_length=1, max_length=1)
    custom_properties: list[CustomProperty] | None = Field(default=None, alias="customProperties")

    def over(self, shared: OdcsProperty | None) -> OdcsProperty:
        """This property on top of the shared one of the same name: each key that is stated here replaces the shared key as a whole."""
        if shared is None:
            return self
        stated = {name: getattr(self, name) for name in self.model_fields_set}
        return shared.model_copy(update=stated)


class OdcsObject(Shape):
    """The one table of a contract."""

    name: str
    logical_type: Literal["object"] = Field(alias="logicalType")
    physical_type: Literal["table"] = Field(alias="physicalType")
    description: str
    granularity: str = Field(alias="dataGranularityDescription")
    custom_properties: list[CustomProperty] = Field(default_factory=list, alias="customProperties")
    properties: list[OdcsProperty] = Field(min_length=1)


class ServiceLevel(Shape):
    """How late the newest record may be before the freshness check warns, in days."""

    property: Literal["latency"]
    value: int = Field(ge=1)
    unit: Literal["d"]
    element: str
    description: str


class OdcsContract(Shape):
    """One contract file: one record type."""

    api_version: Literal["v3.1.0"] = Field(alias="apiVersion")
    kind: Literal["DataContract"]
    id: str
    name: str
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    status: Literal["proposed", "draft", "active", "deprecated", "retired"]
    domain: str
    description: Purpose
    schema_: list[OdcsObject] = Field(alias="schema", min_length=1, max_length=1)
    sla_properties: list[ServiceLevel] = Field(alias="slaProperties", min_length=1, max_length=1)


class SharedProperties(Shape):
    """The properties that several record types share."""

    properties: list[OdcsProperty]
