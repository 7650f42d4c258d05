// Where a mirror goes on after it stopped: a whole snapshot replaces the one before it, or nothing does.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { DamagedStore } from "./errors.js";

export interface Store {
  /** For errors. */
  readonly name: string;
  save(lines: Iterable<string>): Promise<void>;
  /** Nothing when nothing was saved yet; what cannot be read is an error. */
  load(): Promise<Iterable<string> | AsyncIterable<string> | undefined>;
}

export class MemoryStore implements Store {
  readonly name = "memory";
  private lines: readonly string[] | undefined;

  save(lines: Iterable<string>): Promise<void> {
    this.lines = [...lines];
    return Promise.resolve();
  }

  load(): Promise<readonly string[] | undefined> {
    return Promise.resolve(this.lines);
  }
}

/** Characters that are written at once. */
const CHUNK = 1 << 20;
const CHECKSUM = "sha256 ";

/** One file. Its last line is a checksum over all before it. */
export class FileStore implements Store {
  constructor(readonly name: string) {}

  /** Writes another file beside it and renames that: whenever it is interrupted, the old or the new one is there. */
  async save(lines: Iterable<string>): Promise<void> {
    const temporary = `${this.name}.${process.pid}.tmp`;
    try {
      const file = await open(temporary, "w");
      try {
        await write(file, lines);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.name);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncDirectory(dirname(this.name));
  }

  async load(): Promise<AsyncIterable<string> | undefined> {
    try {
      await (await open(this.name)).close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new DamagedStore(this.name, "it cannot be opened", error);
    }
    await this.check();
    return this.read();
  }

  private async check(): Promise<void> {
    const lines = this.read();
    while ((await lines.next()).done !== true);
  }

  /** Fails after the last line when the sum is wrong. */
  private async *read(): AsyncGenerator<string> {
    const hash = createHash("sha256");
    let sum: string | undefined;
    for await (const line of createInterface({ input: createReadStream(this.name), crlfDelay: Infinity })) {
      if (sum !== undefined) throw new DamagedStore(this.name, "something follows its checksum");
      if (line.startsWith(CHECKSUM)) {
        sum = line.slice(CHECKSUM.length);
        continue;
      }
      hash.update(line).update("\n");
      yield line;
    }
    const actual = hash.digest("hex");
    if (sum !== actual)
      throw new DamagedStore(this.name, `its checksum is ${sum ?? "missing"}, its content makes ${actual}`);
  }
}

async function write(file: FileHandle, lines: Iterable<string>): Promise<void> {
  const hash = createHash("sha256");
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < CHUNK) continue;
    hash.update(text);
    await file.write(text);
    text = "";
  }
  hash.update(text);
  await file.write(`${text}${CHECKSUM}${hash.digest("hex")}\n`);
}

/** The new name lasts only when the directory is on disk; not every system lets it be opened. */
async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path);
    await directory.sync();
  } catch {
    return;
  } finally {
    await directory?.close();
  }
}
