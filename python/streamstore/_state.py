"""Where a sampler stands: the same JSON as TypeScript's, so that each goes on where the other stood."""

import hashlib
import re
from decimal import Decimal

from ._errors import describe
from ._options import Plan, is_whole

_EXACT = 2**53 - 1


def order_text(plan: Plan) -> str:
    """Everything but episodes that decides which window a draw is."""
    words = [plan.order["kind"]]
    words += [f"{key}={_number(value)}" for key, value in plan.order.items() if key != "kind"]
    words += [str(plan.length), plan.unit, plan.boundary, f"stride={plan.stride}"]
    if plan.between is not None:
        first, end = plan.between
        words.append(f"between={first},{'' if end is None else end}")
    return " ".join(words)


def _number(value) -> str:
    """A number between 0 and 1, or a whole one, as JavaScript writes it."""
    text = repr(value)
    if "e" not in text:
        return text
    if value >= 1e-6:
        return format(Decimal(text), "f")
    return re.sub("e-0", "e-", text)


def episodes_text(plan: Plan) -> str:
    """A checksum of how episodes are told apart."""
    episodes = plan.episodes
    if plan.boundary == "cross" or episodes.kind == "none":
        return "none"
    if episodes.kind == "rows":
        return "rows"
    types = ",".join(str(field.type) for field in episodes.fields).encode()
    content = types if episodes.starts is None else episodes.starts.astype("<u8").tobytes()
    joins = " join" if episodes.joins else ""
    return f"{episodes.kind}{joins} {hashlib.sha256(content).hexdigest()[:8]}"


def read_state(given, plan: Plan, text_of, source_count: int) -> tuple:
    """Seed, position and epoch (None for orders that have none) of a state that somebody hands over. `text_of` says what
    a mixture's state says of so many sources; None where this is no mixture."""

    def check(is_right: bool, what: str, allowed: str, got) -> None:
        if not is_right:
            raise ValueError(f"Cannot restore a sampler: {what} must be {allowed}, got {describe(got)}")

    if not isinstance(given, dict):
        raise TypeError(f"Cannot restore a sampler: a state must be a dictionary, got {describe(given)}")
    state = dict(given)
    get = state.get
    check(get("version") == 1, "state.version", "1", get("version"))
    seed, position = get("seed"), get("position")
    is_seed = isinstance(seed, str) and re.fullmatch("[0-9]{1,20}", seed) is not None and int(seed) < 2**64
    check(is_seed, "state.seed", "a whole number below 2 ** 64 in decimal", seed)
    most = _EXACT - plan.batch_size * plan.shard[1]
    check(is_whole(position) and 0 <= position <= most, "state.position", f"a whole number <= {most}", position)
    order, episodes = order_text(plan), episodes_text(plan)
    check(get("order") == order, "state.order", f'that of this sampler, "{order}"', get("order"))
    check(get("episodes") == episodes, "state.episodes", f"that of the same episodes option, {episodes}", get("episodes"))
    count = _check_sources(get("sources"), text_of, source_count, check)
    has_epochs = plan.order["kind"] in ("shuffle", "sequential")
    return int(seed), int(position), _read_epoch(get("epoch"), position, count, check) if has_epochs else None


def _check_sources(sources, text_of, source_count: int, check):
    if text_of is None:
        check(sources is None, "state.sources", "left out, for this is no mixture", sources)
        return None
    own = text_of(source_count)
    number = re.match("[0-9]{1,9}", sources) if isinstance(sources, str) else None
    count = int(number[0]) if number else 0
    is_right = 1 <= count <= source_count and sources == text_of(count)
    check(is_right, "state.sources", f'that of the same weights, or of the first of the {source_count} sources, "{own}"', sources)
    return count


def _read_epoch(given, position: int, source_count, check) -> dict:
    check(isinstance(given, dict), "state.epoch", "a dictionary", given)
    keys = ("epoch", "base", "end", "windows")
    for key in keys:
        value = given.get(key)
        check(is_whole(value) and 0 <= value <= _EXACT, f"state.epoch.{key}", "a whole number", value)
    epoch = {key: int(given[key]) for key in keys}
    check(epoch["windows"] <= epoch["end"], "state.epoch.windows", f"<= state.epoch.end, {epoch['end']}", epoch["windows"])
    check(epoch["base"] <= position, "state.epoch.base", f"<= state.position, {position}", epoch["base"])
    check(epoch["epoch"] <= epoch["base"], "state.epoch.epoch", f"<= state.epoch.base, {epoch['base']}", epoch["epoch"])
    spans = given.get("sources")
    if source_count is None or epoch["windows"] == 0:
        check(spans is None, "state.epoch.sources", "left out, for this is no epoch of a mixture", spans)
        return epoch
    what, allowed = "state.epoch.sources", f"a list of at most {2 * source_count} numbers, two for each source"
    is_list = isinstance(spans, (list, tuple)) and len(spans) % 2 == 0 and len(spans) <= 2 * source_count
    check(is_list, what, allowed, spans)
    for place, number in enumerate(spans):
        check(is_whole(number) and 0 <= number <= _EXACT, f"{what}[{place}]", "a whole number", number)
    check(sum(spans[::2]) == epoch["end"], what, f"ends whose sum is state.epoch.end, {epoch['end']}", sum(spans[::2]))
    windows = sum(spans[1::2])
    check(windows == epoch["windows"], what, f"windows whose sum is state.epoch.windows, {epoch['windows']}", windows)
    return {**epoch, "sources": [int(number) for number in spans]}
