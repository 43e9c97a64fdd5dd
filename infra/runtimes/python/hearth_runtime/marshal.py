"""JSON of events and results, as Lambda's Python runtimes read and write it."""

import json
import json.encoder
import sys

from .errors import RuntimeFault

# From 3.12 on results hold characters instead of escapes.
ENSURE_ASCII = sys.version_info < (3, 12)


class _HasDecimal(Exception):
    pass


class _Number(float):
    """A Decimal on its way through the encoder, with its exact text."""

    text = "NaN"


def _refuse(value):
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def _is_decimal(value):
    # A Decimal cannot be there unless its module was loaded.
    decimal = sys.modules.get("decimal")
    return decimal is not None and isinstance(value, decimal.Decimal)


def _detect(value):
    if _is_decimal(value):
        raise _HasDecimal()
    _refuse(value)


def _wrap(value):
    if not _is_decimal(value):
        _refuse(value)
    number = _Number(value)
    number.text = "NaN" if value.is_nan() else str(value)
    return number


class _DecimalEncoder(json.JSONEncoder):
    def iterencode(self, o, _one_shot=False):
        escape = json.encoder.encode_basestring_ascii if self.ensure_ascii else json.encoder.encode_basestring

        def number_text(value):
            if isinstance(value, _Number):
                return value.text
            return json.encoder.JSONEncoder().encode(value)

        return json.encoder._make_iterencode(
            {}, _wrap, escape, None, number_text, self.key_separator, self.item_separator, False, False, _one_shot
        )(o, 0)


def read_event(body):
    try:
        return json.loads(body)
    except ValueError as error:
        raise RuntimeFault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)


def write_result(result):
    if isinstance(result, bytes):
        return result
    try:
        try:
            text = json.dumps(result, ensure_ascii=ENSURE_ASCII, default=_detect)
        except _HasDecimal:
            # Only then: this encoder is pure Python.
            text = "".join(_DecimalEncoder(ensure_ascii=ENSURE_ASCII).iterencode(result))
        return text.encode("utf-8")
    except Exception as error:
        raise RuntimeFault("Runtime.MarshalError", "Unable to marshal response: %s" % error)
