/**
 * Collecting in a game loop: one step a frame, without a pause in any of them.
 *
 *     ./run deno -A examples/game_loop.ts
 *     ./run bun examples/game_loop.ts
 *
 * A ball falls and bounces, and a player kicks it now and then. Every frame appends what was seen and done; fields may be
 * left out, so a kick is there only in the frames that have one. In the end the slowest frame is told, and what is left
 * of the last second.
 */
import { StreamStore } from "../mod.ts";

const frames = 60 * 60 * 10; // ten minutes of 60 frames a second, played as fast as it goes
const frameMilliseconds = 1000 / 60;

using store = new StreamStore({ ball: 0, kick: 1, score: 2 });

const ball = { height: 2, speed: 0 };
const position = new Float32Array(2);
let [score, slowest, kicks] = [0, 0, 0];
for (let frame = 0; frame < frames; frame++) {
  ball.speed -= 9.81 / 60;
  ball.height += ball.speed / 60;
  if (ball.height < 0) [ball.height, ball.speed] = [0, -0.8 * ball.speed];
  const kick = frame % 150 === 0 ? 4 + frame % 3 : undefined;
  if (kick !== undefined) ball.speed += kick;
  score = Math.max(score, ball.height);
  position.set([ball.height, ball.speed]);

  const begin = performance.now();
  if (kick === undefined) store.append(frame, { ball: position, score });
  else store.append(frame, { ball: position, kick, score });
  slowest = Math.max(slowest, performance.now() - begin);
}

for (const row of store.rows(frames - 60, frames)) if (row.kick !== undefined) kicks++;
const share = 100 * slowest / frameMilliseconds;
console.log(`${store.rowCount} frames, ${store.length} tokens; kicks in the last second: ${kicks}`);
console.log(`the slowest append took ${slowest.toFixed(2)} ms, ${share.toFixed(0)} % of a frame`);
console.log(`the ball's best height: ${score.toFixed(2)} m`);
