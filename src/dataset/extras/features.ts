/** Features of columns of text and bytes, and how Arrow holds each. */
import { Binary, type DataType, Field, LargeBinary, LargeUtf8, Struct, Utf8 } from "apache-arrow";
import type { ExtraKind } from "../../extras.ts";
import { type ExtraForm, kindOfForm } from "./wanted.ts";
import type { Feature, MediaFeature, ValueFeature } from "../features.ts";

/** The feature of a column that is an extra. */
export type ExtraFeature = ValueFeature | MediaFeature;

/**
 * How Arrow holds a column: large ones have offsets of 64 bits, media are a struct of bytes and a path, and paths are such a
 * struct without bytes.
 */
export type ExtraLayout = "string" | "large_string" | "binary" | "large_binary" | "media" | "paths";

const media: readonly unknown[] = ["Image", "Audio", "Video"];
const values: readonly unknown[] = ["string", "large_string", "binary", "large_binary"];

/** How a column of a feature is laid out; null where the feature is none of an extra. */
export function layoutOfExtra(feature: unknown): ExtraLayout | null {
  if (typeof feature !== "object" || feature === null) return null;
  const { _type, dtype } = feature as Record<string, unknown>;
  if (media.includes(_type)) return "media";
  if (_type !== "Value") return null;
  return values.includes(dtype) ? dtype as ExtraLayout : null;
}

/** What an extra of a feature holds. */
export function kindOfLayout(layout: ExtraLayout): ExtraKind {
  return layout === "string" || layout === "large_string" || layout === "paths" ? "string" : "bytes";
}

/** How an extra of a kind goes out with a feature; null where it cannot. Of media text is the path. */
function layoutOfKind(feature: unknown, kind: ExtraKind): ExtraLayout | null {
  const layout = layoutOfExtra(feature);
  if (layout === "media" && kind === "string") return "paths";
  return layout !== null && kindOfLayout(layout) === kind ? layout : null;
}

/** The feature that an extra has come with, where it can go out with it. */
export function knownFeature(kind: ExtraKind, known: Feature | null | undefined): Feature | null {
  return layoutOfKind(known, kind) === null ? null : known!;
}

/** The feature of a column that is laid out so. What it is named counts where it is more than its type tells. */
export function featureOfLayout(layout: ExtraLayout, named: unknown): ExtraFeature {
  const isBytes = kindOfLayout(layout) === "bytes";
  if (isBytes && layoutOfExtra(named) === "media") return named as MediaFeature;
  return { dtype: layout === "media" ? "binary" : layout, _type: "Value" };
}

/** What a column of a layout goes out as, by the form in which it is kept, and whether its paths stand alone. */
export function loadedFeature(
  form: ExtraForm,
  layout: ExtraLayout,
  named: unknown,
  isPaths = false,
): ExtraFeature {
  if (isPaths && layoutOfExtra(named) === "media") return named as MediaFeature;
  const feature = featureOfLayout(layout, named);
  const kind = kindOfForm(form);
  return form !== "json" && kindOfLayout(layout) === kind ? feature : defaultFeatureOf(kind);
}

/** What an extra goes out as of which nobody has said anything. */
export function defaultFeatureOf(kind: ExtraKind): ExtraFeature {
  return { dtype: kind === "string" ? "string" : "binary", _type: "Value" };
}

/** The Arrow type of a column. */
export function arrowTypeOfExtra(layout: ExtraLayout): DataType {
  switch (layout) {
    case "string":
      return new Utf8();
    case "large_string":
      return new LargeUtf8();
    case "binary":
      return new Binary();
    case "large_binary":
      return new LargeBinary();
    case "media":
    case "paths":
      return new Struct([new Field("bytes", new Binary(), true), new Field("path", new Utf8(), true)]);
  }
}

/** Checks that a feature is one that an extra of a kind can have. */
export function parseExtraFeature(
  name: string,
  kind: ExtraKind,
  feature: unknown,
  action: string,
): ExtraLayout {
  const layout = layoutOfKind(feature, kind);
  if (layout !== null) return layout;
  const allowed = kind === "string"
    ? "a Value of string or large_string, or, for paths, an Image, an Audio or a Video"
    : "a Value of binary or large_binary, an Image, an Audio or a Video";
  throw new TypeError(
    `Cannot ${action}: the feature of "${name}" must be ${allowed}, got ${
      JSON.stringify(feature as Feature)?.slice(0, 80) ?? "nothing"
    }`,
  );
}
