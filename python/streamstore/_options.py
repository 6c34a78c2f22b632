"""Reads what a sampler is asked for, and checks it: the options of TypeScript's `sampler`, in snake_case."""

import math
import secrets
from dataclasses import dataclass, field

import numpy as np

from ._abi import EPISODE_FIELDS_MAX
from ._errors import describe
from ._fields import Field, field_of

COUNT_MAX, OFFSET_MAX = 2**31 - 1, 2**29
VALUES = ("float32", "float64", "float16", "bfloat16", "uint8", "uint16", "int32", "int64")
#: What numpy has for each; it has no bfloat16, whose bits come.
ARRAYS = {**{name: name for name in VALUES}, "bfloat16": "uint16"}


@dataclass
class Dense:
    """A field of a batch: values a row, their dtype, and its rows relative to the anchor where it has offsets."""

    field: Field
    width: int
    dtype: str
    offsets: np.ndarray | None


@dataclass
class Episodes:
    kind: str = "none"
    fields: list = field(default_factory=list)
    joins: bool = False
    starts: np.ndarray | None = None


@dataclass
class Plan:
    """What options come to. `reach`: how many rows before and after an anchor offsets look at; else None."""

    unit: str
    length: int
    width: int | None
    dense: list | None
    reach: tuple | None
    truncate: bool
    episodes: Episodes
    values: str | None
    has_types: bool
    steps: str | None
    scales: dict | None  # by field (shift, factor); None for the stores' own statistics
    boundary: str
    extra: list | None
    batch_size: int = 0
    stride: int = 1
    between: tuple | None = None
    order: dict = field(default_factory=lambda: {"kind": "uniform"})
    seed: int = 0
    shard: tuple = (0, 1)
    epochs: float = math.inf


class Checks:
    """Checks of options, whose errors begin with what could not be done."""

    def __init__(self, action: str):
        self.action = action

    def refuse(self, name: str, allowed: str, value) -> ValueError:
        return ValueError(f"{self.action}: {name} must be {allowed}, got {describe(value)}")

    def names(self, options, allowed, prefix: str) -> dict:
        if not isinstance(options, dict):
            raise TypeError(f"{self.action}: {prefix[:-1]} must be a dictionary, got {describe(options)}")
        for name in options:
            if name not in allowed:
                known = ", ".join(prefix + one for one in allowed)
                raise TypeError(f"{self.action}: an option must be one of {known}, got {prefix}{name}")
        return options

    def count(self, name: str, value) -> int:
        if is_whole(value) and 0 < value <= COUNT_MAX:
            return int(value)
        raise self.refuse(name, f"a positive integer up to {COUNT_MAX}", value)

    def number(self, name: str, value, least: float = -math.inf) -> float:
        if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and least <= value and math.isfinite(value):
            return float(value)
        raise self.refuse(name, "a finite number >= 0" if least == 0 else "a finite number", value)

    def choice(self, name: str, value, choices):
        if isinstance(value, str) and value in choices:
            return value
        raise self.refuse(name, " or ".join(choices), value)

    def boolean(self, name: str, value) -> bool:
        if isinstance(value, bool):
            return value
        raise self.refuse(name, "True or False", value)


def is_whole(value) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_integer_output(dtype) -> bool:
    return dtype is not None and "int" in dtype


def parse_window(check: Checks, fields: list, extras: list, *, tokens=None, steps=None, dense=None, truncate=False,
                 episodes=None, output=None, normalize=False, boundary=None, extra=None) -> Plan:
    """What windows are to be, and how they come."""
    tokens = None if tokens is None else check.count("tokens", tokens)
    steps = None if steps is None else check.count("steps", steps)
    output = check.names({} if output is None else output, ("values", "types", "steps"), "output.")
    values = output.get("values", "float32")
    values = None if values is None else check.choice("output.values", values, VALUES)
    dense = None if dense is None else _dense(check, dense, values, fields)
    reach = None if dense is None else _reach(dense)
    _check_length(check, tokens, steps, dense, reach)
    if dense is not None and (values is None or output.get("types") is not None):
        raise TypeError(f"{check.action}: batches of fields have values and no types, got output {output}")
    types = output.get("types", None if dense is not None else "int32")
    step_type = output.get("steps", "int64")
    plan = Plan(
        unit="tokens" if tokens is not None and steps is None else "steps",
        length=steps or tokens or 1,
        width=(steps or 1) if dense is not None else tokens,
        dense=dense,
        reach=reach,
        truncate=check.boolean("truncate", truncate),
        episodes=_episodes(check, episodes, fields),
        values=values,
        has_types=types is not None and check.choice("output.types", types, ("int32",)) == "int32",
        steps=None if step_type is None else check.choice("output.steps", step_type, ("int64", "float64")),
        scales=_scales(check, normalize, values, dense, fields),
        boundary=_boundary(check, boundary, reach),
        extra=None,
    )
    plan.extra = _extra(check, extra, plan, extras)
    return plan


def parse_sampler(check: Checks, fields: list, extras: list, *, batch_size=256, stride=1, between=None, order="uniform",
                  seed=None, shard=None, epochs=None, **window) -> Plan:
    """What a sampler does."""
    plan = parse_window(check, fields, extras, **window)
    plan.order = _order(check, order)
    has_epochs = plan.order["kind"] in ("shuffle", "sequential")
    if epochs is not None and not has_epochs:
        raise check.refuse("epochs", f"left out where the order is {plan.order['kind']}", epochs)
    plan.batch_size = check.count("batch_size", batch_size)
    plan.stride = check.count("stride", stride)
    plan.between = None if between is None else _between(check, between)
    if seed is not None and not (is_whole(seed) and 0 <= seed < 2**64):
        raise check.refuse("seed", "a whole number below 2 ** 64", seed)
    plan.seed = secrets.randbits(53) if seed is None else int(seed)
    plan.shard = _shard(check, {"index": 0, "count": 1} if shard is None else shard, plan.order, seed)
    endless = 1 if plan.order["kind"] == "sequential" else math.inf
    plan.epochs = endless if epochs is None else epochs if epochs == math.inf else check.count("epochs", epochs)
    return plan


def _dense(check: Checks, given, values, fields: list) -> list:
    if not isinstance(given, dict):
        raise TypeError(f"{check.action}: fields must be a dictionary, got {describe(given)}")
    if not given:
        raise ValueError(f"{check.action}: fields must name at least one field, got {{}}")
    dense = []
    for name, wanted in given.items():
        known = field_of(fields, name, check.action, "fields")
        if not isinstance(wanted, dict):
            dense.append(Dense(known, check.count(f"fields.{name}", wanted), values or "float32", None))
            continue
        check.names(wanted, ("width", "dtype", "offsets"), f"fields.{name}.")
        width = check.count(f"fields.{name}.width", wanted.get("width"))
        dtype = check.choice(f"fields.{name}.dtype", wanted.get("dtype", values or "float32"), VALUES)
        offsets = wanted.get("offsets")
        dense.append(Dense(known, width, dtype, None if offsets is None else _offsets(check, name, offsets)))
    if any(one.offsets is not None for one in dense):
        for one in dense:
            one.offsets = np.zeros(1, np.int32) if one.offsets is None else one.offsets
    return dense


def _offsets(check: Checks, name: str, given):
    what = f"fields.{name}.offsets"
    if not isinstance(given, (list, tuple, range, np.ndarray)):
        raise TypeError(f"{check.action}: {what} must be a list of whole numbers, got {describe(given)}")
    for place, offset in enumerate(given):
        if not is_whole(offset) or abs(offset) > OFFSET_MAX:
            raise check.refuse(f"{what}[{place}]", f"a whole number from -{OFFSET_MAX} to {OFFSET_MAX}", offset)
    if len(given) == 0:
        raise check.refuse(what, "one number at least", given)
    return np.array(given, np.int32)


def _reach(dense: list):
    if dense[0].offsets is None:
        return None
    offsets = np.concatenate([one.offsets for one in dense])
    return max(0, -int(offsets.min())), max(0, int(offsets.max()))


def _check_length(check: Checks, tokens, steps, dense, reach) -> None:
    got = f"tokens {tokens}" if tokens is not None else f"steps {steps}"
    if reach is not None:
        if tokens is not None or steps is not None:
            raise TypeError(f"{check.action}: fields with offsets must have neither steps nor tokens, got {got}")
    elif tokens is None and steps is None:
        needs = "tokens or steps must say how long a window is" if dense is None else "fields need steps, the rows of a window, or offsets"
        raise TypeError(f"{check.action}: {needs}, got neither")
    elif dense is not None and tokens is not None:
        needs = "fields need steps, the rows of a window" if steps is None else "fields must have steps without tokens"
        raise TypeError(f"{check.action}: {needs}, got {got}")


def _boundary(check: Checks, given, reach) -> str:
    if reach is None:
        return check.choice("boundary", given or "within", ("within", "pad-left", "pad-right", "cross"))
    return check.choice("boundary", given or "edge", ("edge", "zero"))


def _episodes(check: Checks, rule, fields: list) -> Episodes:
    if rule is None:
        return Episodes()
    if rule == "rows":
        return Episodes("rows")
    if not isinstance(rule, dict):
        raise TypeError(f'{check.action}: episodes must be "rows" or a dictionary, got {describe(rule)}')
    kinds = [key for key in rule if key not in ("sessions", "environment")]
    if len(kinds) != 1 or kinds[0] not in ("end", "id", "starts") or (len(rule) > 1 and kinds[0] != "end"):
        allowed = '"rows" or one of { end, sessions, environment }, { id } and { starts }'
        raise TypeError(f"{check.action}: episodes must be {allowed}, got {{ {', '.join(rule)} }}")
    if rule.get("environment") is not None:
        raise check.refuse("episodes.environment", "left out: samplers of Python do not follow environments", rule["environment"])
    if "starts" in rule:
        return Episodes("starts", starts=_starts(check, rule["starts"]))
    if "id" in rule:
        return Episodes("id", [field_of(fields, rule["id"], check.action, "episodes.id")])
    names = list(rule["end"]) if isinstance(rule["end"], (list, tuple)) else [rule["end"]]
    if not 1 <= len(names) <= EPISODE_FIELDS_MAX:
        raise check.refuse("episodes.end", f"a field, or 1 to {EPISODE_FIELDS_MAX} of them", rule["end"])
    ends = [field_of(fields, name, check.action, "episodes.end") for name in names]
    return Episodes("end", ends, check.choice("episodes.sessions", rule.get("sessions", "split"), ("split", "join")) == "join")


def _starts(check: Checks, given):
    if not isinstance(given, (list, tuple, range, np.ndarray)):
        raise TypeError(f"{check.action}: episodes.starts must be a list or an array, got {describe(given)}")
    for place, row in enumerate(given):
        if not is_whole(row) or not 0 <= row < 2**53:
            raise check.refuse(f"episodes.starts[{place}]", "a row, a whole number", row)
        if place > 0 and row <= given[place - 1]:
            allowed = f"more than {given[place - 1]}, the start before it"
            raise check.refuse(f"episodes.starts[{place}]", allowed, row)
    return np.array(given, np.uint64)


def _scales(check: Checks, normalize, values, dense, fields: list):
    if dense is None and normalize is not False and is_integer_output(values):
        raise check.refuse("normalize", f"left out where output.values is {values}", normalize)
    if isinstance(normalize, bool):
        return None if normalize else {}
    if not isinstance(normalize, dict):
        raise TypeError(f"{check.action}: normalize must be a dictionary, got {describe(normalize)}")
    moments = {}
    for name, given in normalize.items():
        field_of(fields, name, check.action, "normalize")
        dtype = next((one.dtype for one in dense or [] if one.field.name == name), None)
        if is_integer_output(dtype):
            raise check.refuse(f"normalize.{name}", f"left out where the field comes as {dtype}", given)
        check.names(given, ("mean", "standard_deviation"), f"normalize.{name}.")
        mean = check.number(f"normalize.{name}.mean", given.get("mean"))
        deviation = check.number(f"normalize.{name}.standard_deviation", given.get("standard_deviation"), 0)
        moments[name] = (mean, deviation)
    return scales_of(moments)


def scales_of(moments: dict) -> dict:
    """By what each field's values are shifted, and then multiplied, from their mean and standard deviation."""
    return {
        name: (mean, 1 / deviation if deviation > 0 else 1.0) for name, (mean, deviation) in moments.items() if math.isfinite(mean)
    }


def _order(check: Checks, order) -> dict:
    if order in ("uniform", "shuffle", "sequential"):
        return {"kind": order}
    if order == "prioritized" or (isinstance(order, dict) and order.get("kind") == "prioritized"):
        raise check.refuse("order", "uniform, shuffle, sequential or recent: samplers of Python do not draw by priority", order)
    if not isinstance(order, dict):
        raise check.refuse("order", "uniform, shuffle, sequential, or a dictionary with kind recent", order)
    check.choice("order.kind", order.get("kind"), ("recent",))
    check.names(order, ("kind", "steps", "decay"), "order.")
    if "steps" in order and "decay" in order:
        raise TypeError(f"{check.action}: order must have steps or decay, got both")
    if "decay" in order:
        decay = order["decay"]
        if not (isinstance(decay, (float, np.floating)) and 0 < decay < 1):
            raise check.refuse("order.decay", "a number between 0 and 1", decay)
        return {"kind": "recent", "decay": float(decay)}
    return {"kind": "recent", "steps": check.count("order.steps", order.get("steps"))}


def _between(check: Checks, given) -> tuple:
    steps = check.names(given, ("steps",), "between.").get("steps")
    if not isinstance(steps, (list, tuple, np.ndarray)) or len(steps) != 2:
        raise check.refuse("between.steps", "a list of two steps", steps)
    bounds = [None if place == 1 and step == math.inf else step for place, step in enumerate(steps)]
    for place, step in enumerate(bounds):
        if step is not None and not (is_whole(step) and -(2**63) <= step < 2**63):
            raise check.refuse(f"between.steps[{place}]", "a step, a whole number of 64 bits", step)
    if bounds[1] is not None and bounds[0] >= bounds[1]:
        raise check.refuse("between.steps[1]", f"above the first step, {bounds[0]}", bounds[1])
    return int(bounds[0]), None if bounds[1] is None else int(bounds[1])


def _extra(check: Checks, names, plan: Plan, extras: list):
    if names is None:
        return None
    if not isinstance(names, (list, tuple)):
        raise TypeError(f"{check.action}: extra must be a list of names, got {describe(names)}")
    if plan.unit != "steps":
        raise TypeError(f"{check.action}: extra needs steps, the rows of a window, got windows of {plan.length} tokens")
    known = [name for name, _ in extras]
    for place, name in enumerate(names):
        if name not in known:
            allowed = f"among {', '.join(known)}" if known else "left out, for the store has none"
            raise TypeError(f"{check.action}: extra[{place}] must be {allowed}, got {describe(name)}")
        if name in names[:place]:
            raise check.refuse(f"extra[{place}]", "another than those before it", name)
    return list(names)


def _shard(check: Checks, given, order: dict, seed) -> tuple:
    check.names(given, ("index", "count"), "shard.")
    count, index = check.count("shard.count", given.get("count")), given.get("index")
    if not is_whole(index) or not 0 <= index < count:
        raise check.refuse("shard.index", f"a whole number below shard.count, {count}", index)
    if count > 1 and seed is None and order["kind"] != "sequential":
        needs = f"shard needs a seed, the same in all {count} shards, or they draw the same windows; got none"
        raise TypeError(f"{check.action}: {needs}")
    return int(index), count
