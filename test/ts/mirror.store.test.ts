import { expect } from "chai";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DamagedStore,
  FileStore,
  Ledger,
  MemoryStore,
  Mirror,
  OtherDeployment,
  fingerprint,
  linesOf,
} from "@ballast/mirror";
import { RecordedSource, recorded, type Recording } from "./support/chains.js";

describe("Mirror: stores", () => {
  let recording: Recording;
  let directory: string;
  let whole: string;
  before(async function () {
    this.timeout(120_000);
    recording = await recorded();
    directory = await mkdtemp(join(tmpdir(), "ballast-mirror-"));
    whole = fingerprint(replayed(recording.blocks.length));
  });
  after(() => rm(directory, { recursive: true }));

  function replayed(count: number): Ledger {
    const ledger = new Ledger(recording.deployment, { depth: 20 });
    for (const block of recording.blocks.slice(0, count)) ledger.apply(block);
    return ledger;
  }

  async function failure(act: Promise<unknown>): Promise<unknown> {
    return act.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it("goes on from whatever block it was stored at", async function () {
    this.timeout(60_000);
    const { blocks, deployment } = recording;
    for (let count = 1; count < blocks.length; count += 23) {
      const store = new FileStore(join(directory, "resume"));
      await store.save(linesOf(replayed(count)));
      const mirror = await Mirror.open(deployment, new RecordedSource(blocks), { store, depth: 20 });
      expect(mirror.ledger.head?.number).to.equal(count - 1);
      await mirror.catchUp();
      expect(fingerprint(mirror.ledger) === whole, `from block ${count}`).to.equal(true);
    }
  });

  it("a save that dies at any point leaves the snapshot before it", async () => {
    const { blocks, deployment } = recording;
    const name = join(directory, "killed");
    const store = new FileStore(name);
    await store.save(linesOf(replayed(100)));
    const lines = [...linesOf(replayed(blocks.length))];
    for (let point = 0; point < lines.length; point += 97) {
      const dying = function* () {
        yield* lines.slice(0, point);
        throw new RangeError("killed");
      };
      expect(await failure(store.save(dying()))).to.be.instanceOf(RangeError);
      // A process that is killed also leaves what it has written so far under another name.
      await writeFile(`${name}.1.tmp`, lines.slice(0, point).join("\n"));
      const mirror = await Mirror.open(deployment, new RecordedSource(blocks), { store });
      expect(mirror.ledger.head?.number).to.equal(99);
    }
    expect(await readdir(directory)).to.include("killed");
  });

  it("a file that was cut or changed anywhere is an error, never a state", async function () {
    this.timeout(60_000);
    const { blocks, deployment } = recording;
    const name = join(directory, "damaged");
    const store = new FileStore(name);
    await store.save(linesOf(replayed(blocks.length)));
    const content = await readFile(name);
    for (let at = 0; at < content.length; at += Math.ceil(content.length / 40)) {
      const flipped = Buffer.from(content);
      flipped[at] = (content[at] ?? 0) ^ 1;
      for (const bad of [content.subarray(0, at), flipped]) {
        await writeFile(name, bad);
        const error = await failure(Mirror.open(deployment, new RecordedSource(blocks), { store }));
        expect(error, `byte ${at}`).to.be.instanceOf(DamagedStore);
      }
    }
    await writeFile(name, Buffer.concat([content, Buffer.from("more\n")]));
    expect(await failure(Mirror.open(deployment, new RecordedSource(blocks), { store }))).to.be.instanceOf(
      DamagedStore,
    );
    await writeFile(name, content);
    expect(fingerprint((await Mirror.open(deployment, new RecordedSource(blocks), { store })).ledger)).to.equal(whole);
  });

  it("a snapshot of another deployment is refused", async () => {
    const { blocks, deployment } = recording;
    const store = new MemoryStore();
    await store.save(linesOf(replayed(50)));
    for (const other of [{ chainId: 1 }, { clearingHouse: deployment.oracle }, { vaults: [] }, { quoteDecimals: 18 }]) {
      const opened = Mirror.open({ ...deployment, ...other }, new RecordedSource(blocks), { store });
      expect(await failure(opened)).to.be.instanceOf(OtherDeployment);
    }
  });

  it("stores while it catches up, and when it is stopped", async () => {
    const { blocks, deployment } = recording;
    const store = new MemoryStore();
    const saved: number[] = [];
    const counting = {
      name: "counting",
      load: () => store.load(),
      save: (lines: Iterable<string>) => {
        saved.push(1);
        return store.save(lines);
      },
    };
    const mirror = await Mirror.open(deployment, new RecordedSource(blocks), {
      store: counting,
      chunk: 50,
      saveEvery: 100,
    });
    const stop = new AbortController();
    for await (const change of mirror.follow(stop.signal))
      if (change.kind === "applied" && change.header.number === blocks.length - 1) stop.abort();
    expect(saved.length).to.be.greaterThan(4);
    const again = await Mirror.open(deployment, new RecordedSource(blocks), { store });
    expect(fingerprint(again.ledger)).to.equal(whole);
  });
});
