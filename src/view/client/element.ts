/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Elements of the page. Whatever is said in them is text: names and values of others are no HTML. */

/** An element of a class, with text or others inside. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = "",
  ...inside: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...inside);
  return made;
}

/** A button that does something. */
export function button(text: string, title: string, onClick: () => void): HTMLButtonElement {
  const made = element("button", "", text);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", onClick);
  return made;
}

/** Says something else in an element, without a change where it says the same. */
export function say(host: Element, text: string): void {
  if (host.textContent !== text) host.textContent = text;
}
