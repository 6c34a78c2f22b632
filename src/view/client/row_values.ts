/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Values of rows as elements: numbers in the digits that their dtype has, text as text, pictures small. */
import type { CutList, CutText, ExtraBytes, Shown, TableValue } from "../protocol.ts";
import { addressOf } from "./api.ts";
import { element } from "./element.ts";
import { bytesText } from "./text.ts";

/** Where a value stands, for what is asked for on its own. */
export interface ValuePlace {
  readonly store: string;
  readonly row: number;
  readonly name: string;
  /** Of a field. */
  readonly dtype?: string;
}

/** The shortest digits that the dtype rounds to the same value: 0.1, where a float32 is as near to it as it can be. */
export function valueText(value: Shown, dtype?: string): string {
  if (value === null) return "–";
  if (typeof value === "object") return `[${value.map((entry) => valueText(entry, dtype)).join(", ")}]`;
  if (typeof value !== "number" || (dtype !== "float32" && dtype !== "float16")) return String(value);
  const isSame = dtype === "float32"
    ? (short: number) => Math.fround(short) === value
    : (short: number) => Math.abs(short - value) < Math.abs(value) * 2 ** -12;
  for (let digits = dtype === "float32" ? 3 : 2; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (isSame(short)) return String(short);
  }
  return String(value);
}

/** The whole of a value on one line, however long. */
export function valueElement(value: TableValue, place: ValuePlace): HTMLElement {
  if (isBytes(value)) return bytesElement(value, place);
  if (isCutText(value)) {
    return element("span", "text", `${value.text}… `, extraLink(`all ${bytesText(value.byteLength)}`, place));
  }
  if (isCutList(value)) {
    const entries = value.entries.map((entry) => valueText(entry, place.dtype)).join(", ");
    return element("span", "list", `[${entries}, … ${value.length}]`);
  }
  const kind = value === null
    ? "none"
    : typeof value === "object"
    ? "list"
    : place.dtype === undefined
    ? "text"
    : "number";
  return element("span", kind, valueText(value, place.dtype));
}

const isObject = (value: TableValue): value is CutList | CutText | ExtraBytes =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isBytes = (value: TableValue): value is ExtraBytes => isObject(value) && "image" in value;
const isCutText = (value: TableValue): value is CutText => isObject(value) && "text" in value;
const isCutList = (value: TableValue): value is CutList => isObject(value) && "entries" in value;

function bytesElement({ byteLength, image }: ExtraBytes, place: ValuePlace): HTMLElement {
  if (!image) {
    return element("span", "bytes", byteLength === 0 ? "0 B" : extraLink(bytesText(byteLength), place));
  }
  const picture = element("img", "thumbnail");
  picture.src = addressOfExtra(place);
  picture.loading = "lazy";
  picture.alt = `${place.name} of row ${place.row}, ${bytesText(byteLength)}`;
  picture.title = `${bytesText(byteLength)}, a click enlarges it`;
  picture.tabIndex = 0;
  picture.addEventListener("click", () => enlarge(picture));
  picture.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    enlarge(picture);
  });
  return picture;
}

function extraLink(text: string, place: ValuePlace): HTMLAnchorElement {
  const link = element("a", "", text);
  link.href = addressOfExtra(place);
  link.target = "_blank";
  link.rel = "noopener";
  return link;
}

function addressOfExtra({ store, name, row }: ValuePlace): string {
  return addressOf("/api/extra", { store, name, row });
}

/** The picture in its own size, or as large as the window, until a click or Escape. */
function enlarge({ src, alt }: HTMLImageElement): void {
  const picture = element("img");
  picture.src = src;
  picture.alt = alt;
  const dialog = element("dialog", "enlarged", picture, element("p", "", alt));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
