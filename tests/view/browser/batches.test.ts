/** Windows and batches in a browser: the picture of a batch, beside the batch that the library draws here. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { call, inFolder } from "../../support/cli/command.ts";
import { realData, skipRealData } from "../../support/dataset.ts";
import { expectFault, inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };

const rowCount = 300;

/** Episodes of 12 rows; every seventh row has no reward, and one reward is none. */
function makeStore(folder: string): string {
  const path = join(folder, "run.stream");
  using store = StreamStore.open(path, {
    fields: { action: "uint8", observation: "float32", reward: "float64", done: "bool" },
    extra: { note: "string" },
  });
  for (let row = 0; row < rowCount; row++) {
    const observation = [0, 1, 2, 3].map((k) => Math.sin(row / 9 + k) * (k + 1));
    const values = { action: row % 4, observation, done: row % 12 === 11 };
    const reward = row === 30 ? NaN : (row % 12) / 3;
    store.append(row * 2, row % 7 === 6 ? values : { ...values, reward }, { note: `<i>row</i> ${row}` });
  }
  return path;
}

type Pixel = readonly number[];

/** A canvas, as the page has it. */
interface Drawable {
  readonly width: number;
  readonly height: number;
  getContext(kind: "2d"): {
    getImageData(...area: readonly number[]): { readonly data: Uint8Array<ArrayBuffer> };
  };
}

/** The pixels of a field's heat map. */
async function pixelsOf(page: Page, field: string) {
  const { width, text } = await page.locator(`canvas[data-field="${field}"]`).evaluate((node) => {
    const canvas = node as unknown as Drawable;
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return { width, text: new Uint8Array(data.buffer).toBase64() };
  });
  const data = Uint8Array.fromBase64(text);
  const at = (
    x: number,
    y: number,
  ): Pixel => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)];
  return { at };
}

/** What is drawn of a batch: the left edge of the cells, their size, and the distance from window to window. */
interface Grid {
  readonly left: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly pitch: number;
}

/** Viridis as its authors give it, at tenths of the way. */
const viridis = "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725".split(" ").map((
  hex,
) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));

function colourOf(part: number): Pixel {
  const place = part * 9;
  const [low, high] = [viridis[Math.min(9, Math.floor(place))], viridis[Math.min(9, Math.floor(place) + 1)]];
  return low.map((channel, i) => channel + (high[i] - channel) * (place - Math.floor(place)));
}

const isAlike = (one: Pixel, other: Pixel) => one.every((channel, i) => Math.abs(channel - other[i]) <= 1);

/** The colours that a cell has, each once. */
function coloursIn(
  at: (x: number, y: number) => Pixel,
  [x, y]: readonly [number, number],
  grid: Grid,
): Set<string> {
  const colours = new Set<string>();
  for (let dy = 0; dy < grid.cellHeight; dy++) {
    for (let dx = 0; dx < grid.cellWidth; dx++) colours.add(at(x + dx, y + dy).join());
  }
  return colours;
}

const options = {
  steps: 8,
  fields: { observation: 4, reward: 1 },
  episodes: { end: ["done"] },
  boundary: "pad-left",
  order: "uniform",
  batchSize: 6,
  seed: 5,
} as const;

/** The n-th batch, drawn by the library in this process. */
function drawnBatch(path: string, batch: number) {
  using store = StreamStore.open(path, { mode: "read" });
  const sampler = store.sampler(options);
  for (let before = 0; before < batch; before++) sampler.next();
  const { fields, mask, starts, lengths } = sampler.next()!;
  const { observation, reward } = fields as Record<
    string,
    { values: Float32Array; mask: Uint8Array; width: number }
  >;
  return structuredClone({ observation, reward, mask, starts: [...starts], lengths: [...lengths] });
}

type DrawnField = ReturnType<typeof drawnBatch>["observation"];

/** Every cell has the colour of its value; what is padding or missing is hatched. */
async function assertMap(page: Page, name: string, { values, mask, width }: DrawnField, present: Uint8Array) {
  const shape = await page.locator(`canvas[data-field="${name}"]`).evaluate((node) => {
    const { left, cellWidth, cellHeight, pitch } = node.dataset;
    return [left, cellWidth, cellHeight, pitch].map(Number);
  });
  const [left, cellWidth, cellHeight, pitch] = shape;
  const grid: Grid = { left, cellWidth, cellHeight, pitch };
  const { at } = await pixelsOf(page, name);
  const there = [...values].filter((value, place) => mask[place] === 1 && Number.isFinite(value));
  const [min, max] = [Math.min(...there), Math.max(...there)];
  const [padded, lacking] = [new Set<string>(), new Set<string>()];
  values.forEach((value, place) => {
    const [window, row, k] = [
      Math.floor(place / width / options.steps),
      Math.floor(place / width) % options.steps,
      place % width,
    ];
    const corner = [left + row * cellWidth, window * pitch + k * cellHeight] as const;
    if (mask[place] === 1 && Number.isFinite(value)) {
      const centre = at(corner[0] + (cellWidth >> 1), corner[1] + (cellHeight >> 1));
      const wanted = colourOf((value - min) / (max - min));
      assert.ok(isAlike(centre, wanted), `${name}[${place}] is ${centre}, not ${wanted}`);
      assert.equal(coloursIn(at, corner, grid).size, 1, `${name}[${place}] is of one colour`);
    } else if (mask[place] === 0) {
      const colours = coloursIn(at, corner, grid);
      assert.ok(colours.size >= 2, `${name}[${place}] is hatched`);
      const isPadding = present[window * options.steps + row] === 0;
      for (const colour of colours) (isPadding ? padded : lacking).add(colour);
    } else {
      assert.equal(coloursIn(at, corner, grid).size, 1);
    }
  });
  // None of what the hatches are drawn with is a colour of a value.
  assert.ok(padded.size >= 2);
  return { padded, lacking, min, max };
}

test(
  "a batch is shown as the library draws it, cell by cell, by mouse and keyboard",
  skip,
  () =>
    inFolder(async (folder) => {
      const path = makeStore(folder);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          const query = new URLSearchParams({ screen: "batches", options: JSON.stringify(options) });
          await page.goto(`${viewer.address}&${query}`);
          const maps = page.locator(".batch-maps");
          await maps.locator("canvas").nth(1).waitFor();
          for (const batch of [0, 1]) {
            await page.locator(`.batch-maps[data-batch="${batch}"]`).waitFor();
            const { observation, reward, mask, starts, lengths } = drawnBatch(path, batch);
            await assertMap(page, "observation", observation, mask);
            const { lacking } = await assertMap(page, "reward", reward, mask);
            assert.ok(batch > 0 || lacking.size >= 2, "a row lacks its reward");
            const links = await page.locator(".window-links a").allTextContents();
            assert.deepEqual(
              links.map((link) => link.replaceAll(",", "")),
              starts.map((start, i) =>
                `${i}: ${lengths[i] === 1 ? `row ${start}` : `rows ${start} to ${start + lengths[i] - 1}`}`
              ),
            );
            if (batch === 0) await page.keyboard.press("n");
          }
          await takeScreen(page, "batches");
          // The mouse over a value of the last window's last row, which is no padding.
          const { observation, starts, lengths } = drawnBatch(path, 1);
          const canvas = page.locator('canvas[data-field="observation"]');
          const [left, cellWidth, cellHeight, pitch] = await canvas.evaluate((node) =>
            ["left", "cellWidth", "cellHeight", "pitch"].map((name) => Number(node.dataset[name]))
          );
          await canvas.hover({ position: { x: left + 7.5 * cellWidth, y: 5 * pitch + 2.5 * cellHeight } });
          const row = starts[5] + lengths[5] - 1;
          const value = Number(observation.values[(5 * 8 + 7) * 4 + 2].toPrecision(6));
          const note = async () => (await page.locator(".batch-note").innerText()).replaceAll(",", "");
          assert.match(
            await note(),
            new RegExp(
              `^observation · window 5 · step 7 · value 2 · ${value} · row ${row} · step ${
                2 * row
              } · stream table`,
            ),
          );
          // Keys go from there to the value above, and Enter to its row in the stream.
          await canvas.focus();
          await page.keyboard.press("ArrowUp");
          await page.keyboard.press("ArrowLeft");
          assert.match(await note(), /^observation · window 5 · step 6 · value 1 · /);
          await page.keyboard.press("ArrowRight");
          await page.keyboard.press("Enter");
          await page.waitForURL(/screen=stream/);
          const state = new URL(page.url()).searchParams;
          assert.equal(state.get("row"), String(row));
          assert.equal(state.get("selection"), `${starts[5]}:${row + 1}`);
        }));
    }),
);

test(
  "the form's options are those of the address, and what the library refuses is said",
  skip,
  () =>
    inFolder(async (folder) => {
      makeStore(folder);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          // A refusal is a fault to the browser.
          expectFault(/status of 400/);
          await page.goto(`${viewer.address}&screen=batches`);
          await page.locator("canvas[data-field=reward]").waitFor();
          const drawn = () =>
            JSON.parse(new URL(page.url()).searchParams.get("options") ?? "null") as Record<string, unknown>;
          const form = page.locator(".batch-form");
          // Where a field is named done, episodes end there.
          assert.equal(await form.locator("select[name=episodes]").inputValue(), "end");
          await form.locator("input[name=steps]").fill("4");
          await page.keyboard.press("Enter");
          await page.locator(".batch-field h3", { hasText: "observation[8, 4, 4] float32" }).waitFor();
          await form.locator("input[name=extra]").check();
          await form.locator("select[name=order]").selectOption("sequential");
          await form.locator("select[name=boundary]").selectOption("pad-right");
          await page.locator(".batch-code", { hasText: 'boundary: "pad-right"' }).waitFor();
          assert.deepEqual(drawn().extra, ["note"]);
          await page.locator("canvas[data-field=action]").hover({ position: { x: 40, y: 5 } });
          assert.match(await page.locator(".batch-note").innerText(), /note: <i>row<\/i> 0$/);
          // A field at offsets.
          await form.locator("input[name=steps]").fill("");
          await form.locator("select[name=boundary]").selectOption("edge");
          await form.locator('input[name="offsets observation"]').fill("-1..2");
          await page.keyboard.press("Enter");
          await page.locator(".batch-field h3", { hasText: "observation[8, 4, 4]" }).waitFor();
          await page.locator(".batch-field h3", { hasText: "action[8, 1, 1]" }).waitFor();
          await form.locator("input[name=batchSize]").fill("65");
          await page.keyboard.press("Enter");
          await page.locator(".problem", { hasText: "batchSize must be from 1 to 64, got 65" }).waitFor();
          await page.goBack();
          await page.locator(".problem").waitFor({ state: "hidden" });
          assert.equal(await form.locator("input[name=batchSize]").inputValue(), "8");
        }));
    }),
);

test(
  "a dataset of LeRobot that was imported is shown by each screen",
  { skip: noBrowser || skipRealData },
  () =>
    inFolder(async (folder) => {
      const { code, errors } = await call(folder, "import", `${realData}/lerobot-g1`, "g1.stream");
      assert.equal(code, 0, errors);
      const { total_episodes: episodes, total_frames: rows } = JSON.parse(
        readFileSync(join(realData, "lerobot-g1/meta/info.json"), "utf8"),
      );
      await withViewer(folder, ["g1.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(`${viewer.address}&screen=episodes`);
          await page.locator(".episode").nth(episodes - 1).waitFor();
          assert.equal(await page.locator(".episode").count(), episodes);
          const lengths = await page.locator(".episode > :nth-child(3)").allTextContents();
          assert.equal(lengths.reduce((sum, text) => sum + parseInt(text), 0), rows);
          const show = (screen: string) => page.goto(`${new URL(page.url()).origin}/?screen=${screen}`);
          await show("batches");
          await page.locator(".batch-field h3", { hasText: "observation.state[8, 16, 26] float32" })
            .waitFor();
          await page.emulateMedia({ colorScheme: "dark" });
          await takeScreen(page, "batches_dark");
          await show("statistics&measure=observation.state[3]");
          await page.locator('.statistics[data-series="observation.state[3]"]').waitFor();
          assert.equal(await page.locator("[data-fact=values]").textContent(), rows.toLocaleString("en-US"));
          await show("health");
          await page.locator('.verdict[data-state="whole"]').waitFor();
        }));
    }),
);
