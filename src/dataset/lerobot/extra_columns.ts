/** Extras of a store as columns of frames: text, and images. */
import { Field as ArrowField } from "apache-arrow";
import type { ExtraInfo } from "../../extras.ts";
import { extraLengths } from "../../read/extra_rows.ts";
import type { Connection } from "../../store/connection.ts";
import { ownValue } from "../../own_value.ts";
import { arrowTypeOfExtra, type ExtraLayout } from "../extras/features.ts";
import type { ExtraColumnPlan } from "../extras/to_arrow.ts";
import type { Feature } from "../features.ts";
import type { SaveSource } from "../known_features.ts";
import type { RowRange } from "../table/field_data.ts";
import { checkShape } from "./describe.ts";
import { saving } from "./refusals.ts";
import type { LeRobotFeature, SaveLeRobotOptions } from "./types.ts";

/** An extra on its way out: its description, and its column for Parquet. */
export interface ExtraFrameColumn extends ExtraColumnPlan {
  readonly name: string;
  readonly described: LeRobotFeature;
}

/** The places of the extras that are saved. */
export function chooseExtras(extras: readonly ExtraInfo[], names: readonly string[] | undefined): number[] {
  const unknown = names?.find((name) => extras.every((extra) => extra.name !== name));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot ${saving}: extra must be among ${extras.map(({ name }) => name).join(", ") || "none"}, got ${
        JSON.stringify(unknown)
      }`,
    );
  }
  return extras.flatMap(({ name }, place) => names?.includes(name) === false ? [] : [place]);
}

/** Those of the extras at these places. */
export function extraColumns(
  { extras, known }: SaveSource,
  places: readonly number[],
  { features }: SaveLeRobotOptions,
): ExtraFrameColumn[] {
  return places.map((place) => {
    const { name, kind } = extras[place];
    const asked = ownValue(features, name) ?? {};
    const described = kind === "string" ? describeText(name, asked) : describeImage(name, asked);
    const before = known.get(name) ?? null;
    const image: Feature = before?._type === "Image" ? before : { _type: "Image" };
    const feature: Feature = kind === "string" ? { dtype: "string", _type: "Value" } : image;
    const layout: ExtraLayout = kind === "string" ? "string" : "media";
    const column = new ArrowField(name, arrowTypeOfExtra(layout), true);
    return { name, place, described, feature, layout, column };
  });
}

function describeText(name: string, asked: Partial<LeRobotFeature>): LeRobotFeature {
  checkDtype(name, asked, "string");
  return { ...asked, dtype: "string", shape: [1], names: asked.names ?? null };
}

/** What is in the bytes is not looked at: their height and width have to be told. */
function describeImage(name: string, asked: Partial<LeRobotFeature>): LeRobotFeature {
  checkDtype(name, asked, "image");
  const { shape, names } = asked;
  if (shape === undefined) {
    throw new TypeError(
      `Cannot ${saving}: features["${name}"].shape must say the height, the width and the channels of its images, got nothing; the option extra can leave it out`,
    );
  }
  checkShape(name, shape, 3);
  return { ...asked, dtype: "image", shape: [...shape], names: names ?? ["height", "width", "channels"] };
}

function checkDtype(name: string, { dtype }: Partial<LeRobotFeature>, expected: string): void {
  if (dtype === undefined || dtype === expected) return;
  throw new TypeError(
    `Cannot ${saving}: the dtype of "${name}" must be ${expected}, got ${
      JSON.stringify(dtype)
    }; the option extra can leave it out`,
  );
}

/** Rows whose lengths are looked at together. */
const rowsPerLook = 100_000;

/** How many bytes rows have of extras. */
export function extraBytes(
  connection: Connection,
  columns: readonly ExtraFrameColumn[],
  { from, to }: RowRange,
): number {
  let sum = 0;
  for (const { place } of columns) {
    for (let row = from; row < to; row += rowsPerLook) {
      const lengths = extraLengths(connection, place, row, Math.min(to, row + rowsPerLook));
      for (const length of lengths) sum += Math.max(0, length);
    }
  }
  return sum;
}

/** Throws for a row that lacks one. */
export function checkEvery(
  connection: Connection,
  columns: readonly ExtraFrameColumn[],
  { from, to }: RowRange,
): void {
  for (const { name, place } of columns) {
    const missing = extraLengths(connection, place, from, to).indexOf(-1);
    if (missing < 0) continue;
    throw new RangeError(
      `Cannot ${saving}: "${name}" at row ${
        from + missing
      } must have a value, as every frame has of every feature; the option extra can leave it out`,
    );
  }
}
