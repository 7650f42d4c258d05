import { expect } from "chai";
import { network } from "hardhat";
import {
  Ledger,
  MemoryStore,
  Mirror,
  ProviderRpc,
  ReorgTooDeep,
  RpcSource,
  fingerprint,
  ledgerOf,
  linesOf,
  readBlocks,
  verify,
  type Deployment,
} from "@ballast/mirror";
import { Crowd } from "./support/crowd.js";
import { RecordedSource, deploymentOf, recorded, type RecordedBlock, type Recording } from "./support/chains.js";

describe("Mirror: undo and forks", () => {
  let recording: Recording;
  before(async function () {
    this.timeout(120_000);
    recording = await recorded();
  });

  function replayed(blocks: readonly RecordedBlock[], depth?: number): Ledger {
    const ledger = new Ledger(recording.deployment, depth === undefined ? {} : { depth });
    for (const block of blocks) ledger.apply(block);
    return ledger;
  }

  it("every block that is taken back leaves the state that was there before it", function () {
    this.timeout(60_000);
    const { blocks, deployment } = recording;
    const ledger = new Ledger(deployment, { depth: blocks.length });
    const states: string[] = [];
    for (const block of blocks) {
      states.push(fingerprint(ledger));
      ledger.apply(block);
    }
    for (const { header } of [...blocks].reverse()) {
      const undone = ledger.undo();
      expect(undone).to.deep.equal({ number: header.number, hash: header.hash, parentHash: header.parentHash });
      expect(fingerprint(ledger) === states[header.number], `the state before block ${header.number}`).to.equal(true);
    }
    expect(ledger.journal.kept).to.equal(0);
  });

  it("a block whose logs contradict each other changes nothing", () => {
    const { blocks } = recording;
    const found = blocks.findIndex(({ logs }) => logs.length > 8);
    const ledger = replayed(blocks.slice(0, found));
    const before = fingerprint(ledger);
    const block = blocks[found];
    if (block === undefined) throw new RangeError("no block with so many logs");
    for (let i = 0; i < block.logs.length; i++) {
      const logs = block.logs.filter((_, j) => j !== i);
      try {
        ledger.apply({ header: block.header, logs });
        ledger.undo();
      } catch {
        // Refused: that is one of the two ways.
      }
      expect(fingerprint(ledger)).to.equal(before);
    }
    ledger.apply(block);
  });

  it("undo records go no deeper than asked for", () => {
    const ledger = replayed(recording.blocks, 10);
    expect(ledger.journal.kept).to.equal(10);
    for (let i = 0; i < 10; i++) ledger.undo();
    expect(() => ledger.undo()).to.throw(ReorgTooDeep);
    const shorter = replayed(recording.blocks.slice(0, -10), 10);
    expect(fingerprint(ledger)).to.equal(fingerprint(shorter));
    expect(ledger.head).to.deep.equal(shorter.head);
  });

  it("what was undone after a snapshot is what was undone before it", async () => {
    const ledger = replayed(recording.blocks, 12);
    const loaded = await ledgerOf([...linesOf(ledger)], recording.deployment, "lines", { depth: 12 });
    expect(fingerprint(loaded)).to.equal(fingerprint(ledger));
    for (let i = 0; i < 12; i++) {
      expect(loaded.undo()).to.deep.equal(ledger.undo());
      expect(fingerprint(loaded)).to.equal(fingerprint(ledger));
    }
    for (const block of recording.blocks.slice(-12)) loaded.apply(block);
    expect(fingerprint(loaded)).to.equal(fingerprint(replayed(recording.blocks)));
  });

  /** The same logs under other hashes, but for those of the last block. */
  function forked(blocks: readonly RecordedBlock[], depth: number): RecordedBlock[] {
    const first = blocks.length - depth;
    const hash = (number: number) => `0x${(depth * 1_000_000 + number).toString(16).padStart(64, "f")}`;
    return blocks.map(({ header, logs }, i) => {
      if (i < first) return { header, logs };
      const own = { ...header, hash: hash(header.number) };
      if (i > first) own.parentHash = hash(header.number - 1);
      const kept = i === blocks.length - 1 ? [] : logs;
      return { header: own, logs: kept.map((log) => ({ ...log, blockHash: own.hash })) };
    });
  }

  it("forks of depth 1 to 24, as long as, longer and shorter than what they replace", async function () {
    this.timeout(60_000);
    const { blocks, deployment } = recording;
    const source = new RecordedSource(blocks);
    const mirror = new Mirror(new Ledger(deployment, { depth: 32 }), source);
    await mirror.catchUp();
    for (let depth = 1; depth <= 24; depth++) {
      const shorter = blocks.slice(0, blocks.length - (depth % 3));
      source.blocks = forked(shorter, depth);
      let undone = 0;
      for await (const { kind } of mirror.toHead()) if (kind === "undone") undone++;
      expect(undone, `depth ${depth}`).to.be.greaterThan(0);
      expect(mirror.ledger.head?.hash).to.equal(source.blocks.at(-1)?.header.hash);
      expect(fingerprint(mirror.ledger) === fingerprint(replayed(source.blocks)), `depth ${depth}`).to.equal(true);
    }
  });

  it("a node that is behind takes nothing back", async () => {
    const { blocks, deployment } = recording;
    const source = new RecordedSource(blocks);
    const mirror = new Mirror(new Ledger(deployment), source);
    await mirror.catchUp();
    const { head } = mirror.ledger;
    source.blocks = blocks.slice(0, -7);
    await mirror.catchUp();
    expect(mirror.ledger.head).to.deep.equal(head);
  });

  it("a fork deeper than what can be undone is an error", async () => {
    const { blocks, deployment } = recording;
    const source = new RecordedSource(blocks);
    const mirror = new Mirror(new Ledger(deployment, { depth: 5 }), source);
    await mirror.catchUp();
    source.blocks = forked(blocks, 8);
    let failure: unknown;
    await mirror.catchUp().catch((error: unknown) => (failure = error));
    expect(failure).to.be.instanceOf(ReorgTooDeep);
  });

  it("forks of any depth of a real chain, longer and shorter than what they replace, through restarts", async function () {
    this.timeout(120_000);
    const connection = await network.create();
    const crowd = await Crowd.open(connection, 33);
    const rpc = new ProviderRpc(connection.provider);
    const source = new RpcSource(rpc);
    const deployment = await deploymentOf(crowd);
    const store = new MemoryStore();
    const undone: number[] = [];
    const acts = Object.values(crowd.acts);

    const follow = async (): Promise<Ledger> => {
      const mirror = await Mirror.open(deployment, source, { store, depth: 64 });
      let blocks = 0;
      for await (const { kind } of mirror.toHead()) if (kind === "undone") blocks++;
      if (blocks > 0) undone.push(blocks);
      await mirror.save();
      return mirror.ledger;
    };
    await follow();
    for (let round = 0; round < 8; round++) {
      const snapshot = await connection.networkHelpers.takeSnapshot();
      for (let i = 0; i <= round; i++) await crowd.step();
      await crowd.act(acts[(3 * round) % acts.length] ?? (() => crowd.step()));
      await follow();
      await snapshot.restore();
      for (let i = 0; i < (round % 2 === 0 ? 2 * round : 1); i++) await crowd.step();
      await crowd.refresh(1n);
      const ledger = await follow();
      expect(fingerprint(ledger) === (await fresh(source, deployment)), `round ${round}`).to.equal(true);
      expect((await verify(ledger, rpc)).differences).to.deep.equal([]);
    }
    expect(undone.length).to.be.greaterThan(6);
    console.log(`      blocks taken back: ${undone.join(", ")}`);
  });
});

async function fresh(source: RpcSource, deployment: Deployment): Promise<string> {
  const ledger = new Ledger(deployment);
  for (const block of await readBlocks(source, ledger, 0, await source.head(), { all: true, bloom: false }))
    ledger.apply(block);
  return fingerprint(ledger);
}
