/** Work that is done in slices: the server answers others between them. */
import { pause } from "../pause.ts";

const sliceMilliseconds = 10;

/** Gives the event loop a turn where it had none for so long; throws where whoever asked has gone. */
export class Slices {
  #paused: number = performance.now();

  constructor(private readonly signal: AbortSignal) {}

  async turn(): Promise<void> {
    if (performance.now() - this.#paused < sliceMilliseconds) return;
    await pause(0, this.signal);
    this.signal.throwIfAborted();
    this.#paused = performance.now();
  }
}
