/** Certificates that a test makes by openssl, of an authority that nobody else knows. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Why there are none, or false. */
export const noCertificates: string | false = spawnSync("openssl", ["version"]).status === 0
  ? false
  : "there is no openssl, which makes certificates";

/** Of the authority, of a server on loopback and of a client: `NAME.pem`, and `NAME.key`. */
export interface Certificates {
  /** The path of one of these files. */
  readonly pathOf: (name: `${"ca" | "server" | "client"}.${"pem" | "key"}`) => string;
}

export function makeCertificates(folder: string): Certificates {
  const run = (...args: readonly string[]) =>
    void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const newKey = (name: string) => [
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", `${name}.key`, "-subj", `/CN=${name}`],
  ];
  run("req", "-x509", ...newKey("ca"), "-out", "ca.pem", "-days", "2");
  writeFileSync(join(folder, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  for (const name of ["server", "client"]) {
    run("req", ...newKey(name), "-out", `${name}.csr`);
    const signed = [
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "names",
    ];
    run("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signed);
  }
  return { pathOf: (name) => join(folder, name) };
}
