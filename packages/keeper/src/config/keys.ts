// The key that signs: from the environment, an encrypted keystore file, or a program. Never from the configuration file.
import { execFileSync } from "node:child_process";
import { createDecipheriv, scryptSync, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { isHex, keccak256, toHex, type Hex } from "viem";
import { privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { KeyUnusable } from "./errors.js";
import type { Env } from "./read.js";
import type { Settings } from "./schema.js";

/** Milliseconds that a program may take to print a key. */
const COMMAND_TIME = 10_000;

export type KeySettings = Pick<Settings, "keystore" | "command">;

/** Where keys come from; exactly one source must be given. */
export function readAccount(settings: KeySettings, env: Env): PrivateKeyAccount {
  const { keystore, command } = settings;
  const given = [env["BALLAST_PRIVATE_KEY"], keystore, command].filter((each) => each !== undefined && each !== "");
  if (given.length !== 1)
    throw new KeyUnusable(
      "the settings",
      `comes from ${given.length} places, not 1: BALLAST_PRIVATE_KEY, keystore or command`,
    );
  if (keystore !== undefined) return accountOf(fromKeystore(keystore, env), keystore);
  if (command !== undefined) return accountOf(fromCommand(command), command[0] ?? "");
  return accountOf(env["BALLAST_PRIVATE_KEY"] ?? "", "BALLAST_PRIVATE_KEY");
}

/** Whether there is any: a dry run needs none. */
export const hasKey = ({ keystore, command }: KeySettings, env: Env): boolean =>
  keystore !== undefined || command !== undefined || (env["BALLAST_PRIVATE_KEY"] ?? "") !== "";

function accountOf(text: string, source: string): PrivateKeyAccount {
  const key = text.trim().startsWith("0x") ? text.trim() : `0x${text.trim()}`;
  if (!isHex(key) || key.length !== 66) throw new KeyUnusable(source, "is not 64 hexadecimal digits");
  try {
    return privateKeyToAccount(key);
  } catch {
    throw new KeyUnusable(source, "is no key of the curve");
  }
}

function fromCommand([program = "", ...args]: readonly string[]): string {
  try {
    return execFileSync(program, args, {
      encoding: "utf8",
      timeout: COMMAND_TIME,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    const { code, status } = error as { code?: string; status?: number | null };
    throw new KeyUnusable(program, `was not printed: ${code ?? `exit code ${status ?? "none"}`}`);
  }
}

interface Keystore {
  readonly version: number;
  readonly crypto: {
    readonly cipher: string;
    readonly ciphertext: string;
    readonly cipherparams: { readonly iv: string };
    readonly mac: string;
    readonly kdf: string;
    readonly kdfparams: Readonly<Record<string, number | string>>;
  };
}

/** The password from the environment, or from a file that it names. */
function passwordOf(env: Env, file: string): string {
  const { BALLAST_KEYSTORE_PASSWORD: password, BALLAST_KEYSTORE_PASSWORD_FILE: from } = env;
  if (password !== undefined) return password;
  if (from === undefined)
    throw new KeyUnusable(file, "needs BALLAST_KEYSTORE_PASSWORD or BALLAST_KEYSTORE_PASSWORD_FILE");
  try {
    return readFileSync(from, "utf8").replace(/\r?\n$/, "");
  } catch {
    throw new KeyUnusable(file, `has a password in ${from}, which cannot be read`);
  }
}

function fromKeystore(file: string, env: Env): string {
  const { version, crypto } = keystoreOf(file);
  if (version !== 3) throw new KeyUnusable(file, `is a keystore of version ${version}, not 3`);
  if (crypto.cipher !== "aes-128-ctr")
    throw new KeyUnusable(file, `is encrypted with ${crypto.cipher}, not aes-128-ctr`);
  const derived = derive(crypto, passwordOf(env, file), file);
  const ciphertext = Buffer.from(crypto.ciphertext, "hex");
  const mac = keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext]));
  if (mac !== `0x${crypto.mac.replace(/^0x/, "")}`) throw new KeyUnusable(file, "does not open with this password");
  const iv = Buffer.from(crypto.cipherparams.iv, "hex");
  const decipher = createDecipheriv("aes-128-ctr", derived.subarray(0, 16), iv);
  return toHex(Buffer.concat([decipher.update(ciphertext), decipher.final()])) satisfies Hex;
}

function keystoreOf(file: string): Keystore {
  try {
    const parsed = JSON.parse(readFileSync(file, "utf8")) as Keystore & { Crypto?: Keystore["crypto"] };
    const crypto = parsed.crypto ?? parsed.Crypto;
    if (typeof crypto.ciphertext !== "string") throw new SyntaxError("no ciphertext");
    return { version: parsed.version, crypto };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KeyUnusable(file, code === undefined ? "is in no keystore" : `cannot be read: ${code}`);
  }
}

function derive({ kdf, kdfparams }: Keystore["crypto"], password: string, file: string): Buffer {
  const salt = Buffer.from(String(kdfparams["salt"]), "hex");
  const length = Number(kdfparams["dklen"]);
  const [n, r, p, c] = ["n", "r", "p", "c"].map((name) => Number(kdfparams[name])) as [number, number, number, number];
  if (kdf === "scrypt") return scryptSync(password, salt, length, { N: n, r, p, maxmem: 256 * n * r });
  if (kdf === "pbkdf2") return pbkdf2Sync(password, salt, c, length, "sha256");
  throw new KeyUnusable(file, `is derived by ${kdf}, not by scrypt or pbkdf2`);
}
