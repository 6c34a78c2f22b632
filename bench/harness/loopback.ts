/** What the machine does without a broker: bytes from one process to another over TCP on loopback, which drops them. */
import { connect, type Socket } from "node:net";
import { Child } from "./children.ts";

export class Loopback {
  private constructor(private readonly child: Child, private readonly socket: Socket) {}

  /** To a process that answers each message of so many bytes with a byte. */
  static async open(byteLength: number): Promise<Loopback> {
    const child = Child.ofScript("discard", String(byteLength));
    const socket = connect(Number(await child.answer()), "127.0.0.1");
    socket.setNoDelay(true);
    await new Promise((resolve) => socket.once("connect", resolve));
    return new Loopback(child, socket);
  }

  /** Sends a message as often, each when the one before is answered. */
  async send(message: Uint8Array, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const answered = new Promise((resolve) => this.socket.once("data", resolve));
      this.socket.write(message);
      await answered;
    }
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.child.end();
  }
}
