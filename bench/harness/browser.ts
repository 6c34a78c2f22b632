/** A headless Chromium, for what is only seen in a browser. */
import { existsSync } from "node:fs";
import process from "node:process";
import type { Browser } from "playwright-core";

const places = [
  process.env.STREAMSTORE_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const executablePath = places.find((path) => path !== undefined && existsSync(path));

/** Why there is no browser, or false. */
export const noBrowser: string | false = executablePath === undefined &&
  "there is no Chromium: install it as /usr/bin/chromium, or name it by STREAMSTORE_CHROMIUM";

export async function launchBrowser(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  const args = ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"];
  return await chromium.launch({ executablePath, args });
}
