/** HTTP by hand: what a request says is just what stands here, and of the answer nothing is hidden. */
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; one that stands there twice has its values with a line break between them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends lines of a request, and reads the answer until the server ends it. */
export function exchange(port: number, lines: readonly string[], address = "127.0.0.1"): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, address, () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
    socket.setTimeout(20_000, () => socket.destroy(new Error(`No answer to ${lines.join(", ")}`)));
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("error", reject);
    socket.on("close", () => {
      const text = Buffer.concat(parts).toString("latin1");
      if (text === "") reject(new Error(`An empty answer to ${lines.join(", ")}`));
      else resolve(parseAnswer(text));
    });
  });
}

/** Sends lines, and waits until the answer has so much; whoever asks ends the connection. */
export function begin(port: number, lines: readonly string[], text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
    socket.setTimeout(20_000, () => socket.destroy(new Error(`It answered ${received}`)));
    socket.on("error", reject);
    socket.on("data", (part: Buffer) => {
      received += part.toString("latin1");
      if (received.includes(text)) resolve(socket);
    });
  });
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(":");
    const [name, value] = [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    headers.set(name, headers.has(name) ? `${headers.get(name)}\n${value}` : value);
  }
  return { status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4) };
}
