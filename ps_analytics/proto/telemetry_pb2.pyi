from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TelemetryFrame(_message.Message):
    __slots__ = ("timestamp_us", "throttle", "brake", "steering", "speed", "rpm", "normalized_position", "gear", "lap_time_ms", "lap_number", "extras")
    TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    THROTTLE_FIELD_NUMBER: _ClassVar[int]
    BRAKE_FIELD_NUMBER: _ClassVar[int]
    STEERING_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    RPM_FIELD_NUMBER: _ClassVar[int]
    NORMALIZED_POSITION_FIELD_NUMBER: _ClassVar[int]
    GEAR_FIELD_NUMBER: _ClassVar[int]
    LAP_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LAP_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXTRAS_FIELD_NUMBER: _ClassVar[int]
    timestamp_us: int
    throttle: float
    brake: float
    steering: float
    speed: float
    rpm: float
    normalized_position: float
    gear: int
    lap_time_ms: int
    lap_number: int
    extras: _containers.RepeatedCompositeFieldContainer[Extra]
    def __init__(self, timestamp_us: _Optional[int] = ..., throttle: _Optional[float] = ..., brake: _Optional[float] = ..., steering: _Optional[float] = ..., speed: _Optional[float] = ..., rpm: _Optional[float] = ..., normalized_position: _Optional[float] = ..., gear: _Optional[int] = ..., lap_time_ms: _Optional[int] = ..., lap_number: _Optional[int] = ..., extras: _Optional[_Iterable[_Union[Extra, _Mapping]]] = ...) -> None: ...

class Extra(_message.Message):
    __slots__ = ("name", "unit", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    value: float
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class TelemetryBatch(_message.Message):
    __slots__ = ("session_id", "source", "track", "car", "driver", "first_seq", "rate_hz", "live", "timestamp_us", "throttle", "brake", "steering", "speed", "rpm", "normalized_position", "gear", "lap_time_ms", "lap_number", "channels")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    CAR_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQ_FIELD_NUMBER: _ClassVar[int]
    RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    THROTTLE_FIELD_NUMBER: _ClassVar[int]
    BRAKE_FIELD_NUMBER: _ClassVar[int]
    STEERING_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    RPM_FIELD_NUMBER: _ClassVar[int]
    NORMALIZED_POSITION_FIELD_NUMBER: _ClassVar[int]
    GEAR_FIELD_NUMBER: _ClassVar[int]
    LAP_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LAP_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    source: str
    track: str
    car: str
    driver: str
    first_seq: int
    rate_hz: float
    live: bool
    timestamp_us: _containers.RepeatedScalarFieldContainer[int]
    throttle: _containers.RepeatedScalarFieldContainer[float]
    brake: _containers.RepeatedScalarFieldContainer[float]
    steering: _containers.RepeatedScalarFieldContainer[float]
    speed: _containers.RepeatedScalarFieldContainer[float]
    rpm: _containers.RepeatedScalarFieldContainer[float]
    normalized_position: _containers.RepeatedScalarFieldContainer[float]
    gear: _containers.RepeatedScalarFieldContainer[int]
    lap_time_ms: _containers.RepeatedScalarFieldContainer[int]
    lap_number: _containers.RepeatedScalarFieldContainer[int]
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    def __init__(self, session_id: _Optional[str] = ..., source: _Optional[str] = ..., track: _Optional[str] = ..., car: _Optional[str] = ..., driver: _Optional[str] = ..., first_seq: _Optional[int] = ..., rate_hz: _Optional[float] = ..., live: _Optional[bool] = ..., timestamp_us: _Optional[_Iterable[int]] = ..., throttle: _Optional[_Iterable[float]] = ..., brake: _Optional[_Iterable[float]] = ..., steering: _Optional[_Iterable[float]] = ..., speed: _Optional[_Iterable[float]] = ..., rpm: _Optional[_Iterable[float]] = ..., normalized_position: _Optional[_Iterable[float]] = ..., gear: _Optional[_Iterable[int]] = ..., lap_time_ms: _Optional[_Iterable[int]] = ..., lap_number: _Optional[_Iterable[int]] = ..., channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ...) -> None: ...

class Channel(_message.Message):
    __slots__ = ("name", "unit", "rate_hz", "values", "doubles")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    DOUBLES_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    rate_hz: float
    values: _containers.RepeatedScalarFieldContainer[float]
    doubles: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., rate_hz: _Optional[float] = ..., values: _Optional[_Iterable[float]] = ..., doubles: _Optional[_Iterable[float]] = ...) -> None: ...
