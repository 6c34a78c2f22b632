/** What lies at a path itself, also where that is a link. */
export interface Found {
  readonly kind: "directory" | "file" | "link" | "other";
  /** The ID of the user that it belongs to. */
  readonly user: number;
  /** The nine bits of its permissions. */
  readonly mode: number;
  readonly byteLength: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** What the loader needs of the system, in the runtime's own words: the modules of Node cost each runtime some ms. */
export interface System {
  /** The system and its processor, as `linux-x64`. */
  readonly platform: string;
  /** Whether a variable may be read, or a library or file at a path be opened; never asks the user. */
  permits(kind: "env" | "ffi" | "read", subject: string): boolean;
  /**
   * Whether whoever started the process named a folder of this library from which libraries may be opened, and forbade to
   * read it: then the library cannot be verified, and is opened on that word.
   */
  vouches(path: string): boolean;
  /** The flags that allow to unpack the library into a folder, and to open it. */
  unpackFlags(folder: string): string;
  /** A variable of the environment. */
  variable(name: string): string | undefined;
  /** The ID of this process's user. */
  user(): number;
  find(path: string): Found | null;
  read(path: string): Uint8Array<ArrayBuffer>;
  names(directory: string): string[];
  /** Also makes those above it. */
  makeDirectory(path: string, mode: number): void;
  /** Fails where something is there already. */
  create(path: string, bytes: Uint8Array, mode: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** What gzip has compressed. */
  decompress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}
