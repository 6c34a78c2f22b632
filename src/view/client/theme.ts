/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Light, dark, or as the system is: the page's own choice is kept in the browser. */

const themes = ["system", "light", "dark"] as const;
type Theme = typeof themes[number];

const key = "streamstore-theme";

/** What charts and heat maps redraw themselves by. */
export const themeEvent = "streamstore-theme";

export function currentTheme(): Theme {
  const kept = localStorage.getItem(key);
  return themes.find((theme) => theme === kept) ?? "system";
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  const theme = currentTheme();
  return theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/** Makes the page as was chosen, also when the system changes. */
export function startTheme(): void {
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
}

/** The next one, which it returns. */
export function switchTheme(): Theme {
  const next = themes[(themes.indexOf(currentTheme()) + 1) % themes.length];
  localStorage.setItem(key, next);
  apply();
  return next;
}

function apply(): void {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  document.dispatchEvent(new Event(themeEvent));
}

/** The value of one of the page's custom properties, as `--ink`, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
