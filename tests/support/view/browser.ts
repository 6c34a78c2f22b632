/** A headless Chromium, driven from the test: what it writes to its console, and what its pages throw, are faults. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchBrowser, noBrowser } from "../../../bench/harness/browser.ts";
import { root } from "../../package/packed.ts";

export { noBrowser };

let browser: Promise<Browser> | undefined;

// Bun loads this once for all files, and this is the end of the first: the next makes another, which ends with the
// process, whose pipe Chromium is led by.
after(async () => {
  const launched = await browser;
  browser = undefined;
  await launched?.close();
});

export interface TabOptions {
  readonly deviceScaleFactor?: number;
  readonly colorScheme?: "light" | "dark";
}

/** Does something with a page of a new profile, 1280 × 800, and finds that it had nothing to complain of. */
export async function inTab(use: (page: Page) => Promise<void>, options: TabOptions = {}): Promise<void> {
  // A runner that has all files in one process ends the browser with the first.
  if (!(await browser)?.isConnected()) browser = launchBrowser();
  const context: BrowserContext = await (await browser!).newContext({
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const faults: string[] = [];
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(String(error)));
    try {
      await use(page);
    } catch (error) {
      const said = await page.locator("body").innerText().catch(() => "");
      throw new Error(`${(error as Error).message}\nThe page: ${said}\n${faults.join("\n")}`, {
        cause: error,
      });
    }
    assert.deepEqual(faults.filter((fault) => !expected.some((pattern) => pattern.test(fault))), []);
  } finally {
    expected.length = 0;
    await context.close();
  }
}

const expected: RegExp[] = [];

/** For the test that goes on: what the browser itself writes where a server is gone. */
export function expectFault(pattern: RegExp): void {
  expected.push(pattern);
}

/** A picture of the page, `build/screens/NAME.png`. */
export async function takeScreen(page: Page, name: string): Promise<void> {
  mkdirSync(`${root}build/screens`, { recursive: true });
  await page.screenshot({ path: `${root}build/screens/${name}.png` });
}
